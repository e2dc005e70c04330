import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { DataType, Subscription } from "../../../src/domain/Feed.ts"
import { make } from "../../../src/exchanges/coinbase/Coinbase.ts"
import { type Dice, encodeLoosely, type Loose, makeDice, Verbatim } from "../looseJson.ts"

const asked = ["AB-USD", "CD-USDC", "EF-EUR", "USDT-USDC"]

const delivered = new Map([["CD-USDC", "CD-USD"]])

const subscriptions: ReadonlyArray<Subscription> = asked.flatMap((symbol) =>
  (["orderbook", "trade"] satisfies ReadonlyArray<DataType>).map((dataType) => ({ symbol, dataType }))
)

const advanced = make(null).parser(subscriptions)
const exchange = make("wss://ws-feed.exchange.coinbase.com").parser(subscriptions)

const receivedAtMicros = 1_790_000_000_555_123

const within = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Seed = within(0, 2 ** 31)
const Decimal = Schema.Struct({ mantissa: within(0, 10 ** 12), decimals: within(0, 12) })
// Until the year 2099.
const Micros = within(0, 4_102_444_799_999_999)

const Trade = Schema.Struct({
  symbol: Schema.Literals([...asked, "NOT-ASKED"]),
  id: Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 0n, maximum: 2n ** 64n })),
  price: Decimal,
  size: Decimal,
  micros: Micros,
  side: Schema.Literals(["buy", "sell"])
})
type Trade = typeof Trade.Type

const Level = Schema.Struct({ isBid: Schema.Boolean, price: Decimal, size: Decimal })

const Book = Schema.Struct({
  symbol: Schema.Literals(asked),
  micros: Micros,
  sequence: within(0, Number.MAX_SAFE_INTEGER),
  isSnapshot: Schema.Boolean,
  levels: Schema.Array(Level)
})

const textOf = ({ decimals, mantissa }: typeof Decimal.Type): string => {
  const digits = String(mantissa).padStart(decimals + 1, "0")
  const cut = digits.length - decimals
  return decimals === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`
}

const valueOf = ({ decimals, mantissa }: typeof Decimal.Type): number => Number(`${mantissa}e-${decimals}`)

/** RFC 3339 with up to nine fractional digits, of which the trailing zeros are cut. */
const timeOf = (micros: number, dice: Dice): string => {
  const seconds = new Date(Math.floor(micros / 1_000_000) * 1000).toISOString().slice(0, 19)
  const nanos = dice(2) === 0 ? "" : String(dice(1000)).padStart(3, "0")
  const fraction = `${String(micros % 1_000_000).padStart(6, "0")}${nanos}`.replace(/0+$/, "")
  return fraction === "" ? `${seconds}Z` : `${seconds}.${fraction}Z`
}

const productOf = (symbol: string): string => delivered.get(symbol) ?? symbol

const row = (trade: Trade, data: Buffer) => {
  const id = Number(trade.id)
  return {
    dataType: "trade",
    symbol: trade.symbol,
    sequenceId: String(trade.id),
    timestampCollector: receivedAtMicros,
    timestampExchange: trade.micros,
    data,
    position: Number.isSafeInteger(id) ? { first: id, last: id, previous: null } : null,
    tradeId: String(trade.id),
    price: valueOf(trade.price),
    size: valueOf(trade.size),
    side: trade.side
  }
}

const frameOf = (message: Loose, dice: Dice) => ({ bytes: Buffer.from(encodeLoosely(message, dice)), receivedAtMicros })

describe("Coinbase Advanced Trade on the wire", () => {
  it.prop("trades are read back from any spelling of them", [
    Schema.Array(Schema.Array(Trade)),
    within(0, Number.MAX_SAFE_INTEGER),
    Seed
  ], ([batches, sequence, seed]) => {
    const dice = makeDice(seed)
    const spelled = batches.map((trades) =>
      trades.map((trade) => {
        const text = encodeLoosely({
          product_id: productOf(trade.symbol),
          trade_id: String(trade.id),
          price: textOf(trade.price),
          size: textOf(trade.size),
          time: timeOf(trade.micros, dice),
          side: trade.side === "buy" ? "SELL" : "BUY"
        }, dice)
        return { trade, text }
      })
    )
    const parsed = advanced(frameOf({
      channel: "market_trades",
      timestamp: "2026-09-21T14:13:20Z",
      sequence_num: sequence,
      events: spelled.map((trades) => ({
        type: dice(2) === 0 ? "snapshot" : "update",
        trades: trades.toReversed().map(({ text }) => new Verbatim(text))
      }))
    }, dice))
    const isAsked = ({ trade }: { readonly trade: Trade }): boolean => trade.symbol !== "NOT-ASKED"
    assert.deepStrictEqual<unknown>(
      parsed.events,
      spelled.flat().filter(isAsked).map(({ text, trade }) => row(trade, Buffer.from(text)))
    )
    assert.deepStrictEqual(
      parsed.problems,
      spelled.flat().filter((each) => !isAsked(each)).map(() => ({ _tag: "Unrequested", subject: "NOT-ASKED trade" }))
    )
    assert.strictEqual(parsed.connectionSequence, sequence)
  }, { arbitrary: { runs: 300 } })

  it.prop("a book is read back from any spelling of it", [Book, Seed], ([book, seed]) => {
    const dice = makeDice(seed)
    const frame = frameOf({
      channel: "l2_data",
      timestamp: timeOf(book.micros, dice),
      sequence_num: book.sequence,
      events: [{
        type: book.isSnapshot ? "snapshot" : "update",
        product_id: productOf(book.symbol),
        updates: book.levels.map((level) => ({
          side: level.isBid ? "bid" : "offer",
          event_time: timeOf(book.micros, dice),
          price_level: textOf(level.price),
          new_quantity: textOf(level.size)
        }))
      }]
    }, dice)
    assert.deepStrictEqual<unknown>(advanced(frame), {
      events: [{
        dataType: "orderbook",
        symbol: book.symbol,
        sequenceId: String(book.sequence),
        timestampCollector: receivedAtMicros,
        timestampExchange: book.micros,
        data: frame.bytes,
        position: null,
        isSnapshot: book.isSnapshot
      }],
      control: null,
      problems: [],
      connectionSequence: book.sequence
    })
  }, { arbitrary: { runs: 300 } })
})

describe("Coinbase Exchange on the wire", () => {
  it.prop("a match is read back from any spelling of it", [Trade, Seed], ([trade, seed]) => {
    const dice = makeDice(seed)
    const frame = frameOf({
      type: dice(2) === 0 ? "match" : "last_match",
      trade_id: new Verbatim(String(trade.id)),
      maker_order_id: "m",
      taker_order_id: "t",
      side: trade.side === "buy" ? "sell" : "buy",
      size: textOf(trade.size),
      price: textOf(trade.price),
      product_id: productOf(trade.symbol),
      sequence: 7,
      time: timeOf(trade.micros, dice)
    }, dice)
    const { events } = exchange(frame)
    const isRow = trade.symbol !== "NOT-ASKED" && trade.id <= BigInt(Number.MAX_SAFE_INTEGER)
    assert.deepStrictEqual<unknown>(events, isRow ? [row(trade, frame.bytes)] : [])
  }, { arbitrary: { runs: 300 } })

  it.prop("a book is read back from any spelling of it", [Book, Seed], ([book, seed]) => {
    const dice = makeDice(seed)
    const levels = (isBid: boolean) =>
      book.levels.filter((level) => level.isBid === isBid).map(({ price, size }) => [textOf(price), textOf(size)])
    const frame = frameOf({
      product_id: productOf(book.symbol),
      time: timeOf(book.micros, dice),
      ...(book.isSnapshot
        ? { type: "snapshot", bids: levels(true), asks: levels(false) }
        : {
          type: "l2update",
          changes: book.levels.map(({ isBid, price, size }) => [isBid ? "buy" : "sell", textOf(price), textOf(size)])
        })
    }, dice)
    const parsed = exchange(frame)
    assert.deepStrictEqual(parsed.problems, [])
    const [event] = parsed.events
    assert.strictEqual(event?.symbol, book.symbol)
    assert.strictEqual(event?.timestampExchange, book.micros)
    assert.isTrue(event?.dataType === "orderbook" && event.isSnapshot === book.isSnapshot)
    assert.isTrue(event?.data.equals(frame.bytes))
    assert.match(event?.sequenceId ?? "", new RegExp(`^${book.micros}-[0-9a-f]{8}$`))
  }, { arbitrary: { runs: 300 } })
})
