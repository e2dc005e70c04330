import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Subscription } from "../../../src/domain/Feed.ts"
import { make } from "../../../src/exchanges/upbit/Upbit.ts"
import { type Dice, encodeLoosely, type Loose, makeDice, Verbatim } from "../looseJson.ts"

const codes = ["KRW-AB1", "BTC-CD", "USDT-0E"]

const subscriptions: ReadonlyArray<Subscription> = codes.flatMap((symbol) => [
  { symbol, dataType: "orderbook" },
  { symbol, dataType: "trade" }
])

const parser = make(null).parser(subscriptions)

const receivedAtMicros = 1_790_000_000_555_123

const within = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Decimal = Schema.Struct({ mantissa: within(0, 10 ** 12), decimals: within(0, 12) })

const Trade = Schema.Struct({
  code: Schema.Literals(codes),
  side: Schema.Literals(["buy", "sell"]),
  price: Decimal,
  size: Decimal,
  millis: within(1_000_000_000_000, 8_640_000_000_000),
  suffix: within(0, 9999)
})

const Unit = Schema.Struct({ ask: Decimal, bid: Decimal, askSize: Decimal, bidSize: Decimal })

const Orderbook = Schema.Struct({
  code: Schema.Literals(codes),
  millis: within(0, 8_640_000_000_000),
  units: Schema.Array(Unit)
})

const valueOf = ({ decimals, mantissa }: typeof Decimal.Type): number => Number(`${mantissa}e-${decimals}`)

/** One of the notations that Upbit was seen to use: `1.16539E8`, `0.0010`, `123.00000000`, `127`. */
const numberOf = ({ decimals, mantissa }: typeof Decimal.Type, dice: Dice): Verbatim => {
  const digits = String(mantissa).padStart(decimals + 1, "0")
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals)
  const zeros = "0".repeat(dice(9))
  switch (dice(3)) {
    case 0:
      return new Verbatim(`${mantissa}E-${decimals}`)
    case 1: {
      const text = String(mantissa)
      const rest = text.slice(1) + zeros
      return new Verbatim(`${text[0]}${rest === "" ? "" : `.${rest}`}E${text.length - 1 - decimals}`)
    }
    default:
      return new Verbatim(fraction + zeros === "" ? whole : `${whole}.${fraction}${zeros}`)
  }
}

const sequentialId = (trade: typeof Trade.Type): string => `${trade.millis}${String(trade.suffix).padStart(4, "0")}`

const tradeMessage = (trade: typeof Trade.Type, dice: Dice): Loose => ({
  type: "trade",
  code: trade.code,
  timestamp: trade.millis + dice(500),
  trade_timestamp: trade.millis,
  trade_price: numberOf(trade.price, dice),
  trade_volume: numberOf(trade.size, dice),
  ask_bid: trade.side === "sell" ? "ASK" : "BID",
  sequential_id: new Verbatim(sequentialId(trade)),
  stream_type: dice(2) === 0 ? "SNAPSHOT" : "REALTIME"
})

const parse = (message: Loose, dice: Dice) => {
  const text = encodeLoosely(message, dice)
  const bytes = Buffer.from(text)
  return { bytes, parsed: parser({ bytes, receivedAtMicros }) }
}

describe("Upbit on the wire", () => {
  it.prop("a trade is read back from any spelling of it", [Trade, within(0, 2 ** 31)], ([trade, seed]) => {
    const dice = makeDice(seed)
    const { bytes, parsed } = parse(tradeMessage(trade, dice), dice)
    assert.deepStrictEqual(parsed, {
      events: [{
        dataType: "trade",
        symbol: trade.code,
        sequenceId: sequentialId(trade),
        timestampCollector: receivedAtMicros,
        timestampExchange: trade.millis * 1000,
        data: bytes,
        position: null,
        tradeId: sequentialId(trade),
        price: valueOf(trade.price),
        size: valueOf(trade.size),
        side: trade.side
      }],
      control: null,
      problems: [],
      connectionSequence: null
    })
  }, { arbitrary: { runs: 500 } })

  it.prop("ids of neighbouring trades stay distinct", [Trade, within(0, 2 ** 31)], ([trade, seed]) => {
    const ids = Array.from({ length: 10 }, (_, i) => {
      const dice = makeDice(seed + i)
      const neighbour = { ...trade, suffix: Math.floor(trade.suffix / 10) * 10 + i }
      return parse(tradeMessage(neighbour, dice), dice).parsed.events[0]?.sequenceId
    })
    assert.strictEqual(new Set(ids).size, 10)
  })

  it.prop("a book is read back from any spelling of it", [Orderbook, within(0, 2 ** 31)], ([book, seed]) => {
    const dice = makeDice(seed)
    const { bytes, parsed } = parse({
      type: "orderbook",
      code: book.code,
      timestamp: book.millis,
      orderbook_units: book.units.map((unit) => ({
        ask_price: numberOf(unit.ask, dice),
        bid_price: numberOf(unit.bid, dice),
        ask_size: numberOf(unit.askSize, dice),
        bid_size: numberOf(unit.bidSize, dice)
      })),
      stream_type: "REALTIME"
    }, dice)
    assert.deepStrictEqual(parsed.problems, [])
    const [event] = parsed.events
    assert.isTrue(event?.dataType === "orderbook" && event.isSnapshot)
    assert.strictEqual(event?.symbol, book.code)
    assert.strictEqual(event?.timestampExchange, book.millis * 1000)
    assert.isTrue(event?.data.equals(bytes))
    assert.match(event?.sequenceId ?? "", new RegExp(`^${book.millis}-[0-9a-f]{8}$`))
  }, { arbitrary: { runs: 300 } })

  it.prop("books that differ in anything have different ids", [within(0, 999_999)], ([size]) => {
    const idOf = (n: number) => {
      const bytes = Buffer.from(
        `{"type":"orderbook","code":"BTC-CD","timestamp":5,"orderbook_units":[{"ask_price":2,"bid_price":1,"ask_size":${n},"bid_size":1}]}`
      )
      return parser({ bytes, receivedAtMicros }).events[0]?.sequenceId
    }
    assert.strictEqual(idOf(size), idOf(size))
    assert.notStrictEqual(idOf(size), idOf(size + 1))
  })
})
