import { assert, describe, it } from "@effect/vitest"
import { crc32 } from "node:zlib"
import type { Subscription } from "../../../src/domain/Feed.ts"
import type { Parsed, Problem } from "../../../src/exchanges/Exchange.ts"
import { make } from "../../../src/exchanges/upbit/Upbit.ts"
import { exchangeSuite } from "../exchangeSuite.ts"
import * as frames from "./frames.ts"

const subscriptions: ReadonlyArray<Subscription> = [
  { symbol: "KRW-AB1", dataType: "orderbook" },
  { symbol: "KRW-AB1", dataType: "trade" },
  { symbol: "USDT-CD", dataType: "trade" }
]

const receivedAtMicros = 1_790_000_000_555_123

const upbit = make(null)
const parse = (text: string, wanted = subscriptions): Parsed =>
  upbit.parser(wanted)({ bytes: Buffer.from(text), receivedAtMicros })

const assertMalformed = (text: string, reason: RegExp): void => {
  const parsed = parse(text)
  assert.deepStrictEqual(parsed.events, [], text)
  assert.isNull(parsed.control, text)
  assert.strictEqual(parsed.problems.length, 1, text)
  const problem = parsed.problems[0]!
  assert.isTrue(problem._tag === "Malformed" && reason.test(problem.reason), JSON.stringify(problem))
}

exchangeSuite("upbit", make, {
  subscriptions,
  frames: [frames.orderbook, frames.orderbookSnapshot, frames.trade, frames.error, frames.up, frames.list],
  maxRequestBytes: 20_000,
  idleMillis: 60_000
})

describe("Upbit", () => {
  it("asks for everything in one request, without a token", () => {
    const requests = upbit.subscribe(subscriptions).map((request) => request("token"))
    assert.deepStrictEqual(requests, [
      `[{"ticket":"ticklake KRW-AB1 KRW-AB1 USDT-CD"},{"type":"orderbook","codes":["KRW-AB1"]},{"type":"trade","codes":["KRW-AB1","USDT-CD"]},{"format":"DEFAULT"}]`
    ])
    assert.deepStrictEqual(upbit.subscribe([subscriptions[1]!]).map((request) => request(null)), [
      `[{"ticket":"ticklake KRW-AB1"},{"type":"trade","codes":["KRW-AB1"]},{"format":"DEFAULT"}]`
    ])
  })

  it("connects where it is told", () => {
    assert.strictEqual(upbit.url(subscriptions), "wss://api.upbit.com/websocket/v1")
    assert.strictEqual(make("wss://sg-api.upbit.com/websocket/v1").url([]), "wss://sg-api.upbit.com/websocket/v1")
  })

  it("knows its notation", () => {
    for (const symbol of ["KRW-BTC", "BTC-ETH", "USDT-FCT2", "KRW-1INCH"]) {
      assert.isTrue(upbit.notation.pattern.test(symbol), symbol)
    }
    for (const symbol of ["krw-btc", "KRWBTC", "KRW-BTC.15", "KRW_BTC", "KRW-BTC-X", "KRW/BTC"]) {
      assert.isFalse(upbit.notation.pattern.test(symbol), symbol)
    }
  })

  it("reads a trade: exact id, taker's side, data unchanged", () => {
    const data = Buffer.from(frames.trade)
    assert.deepStrictEqual(parse(frames.trade), {
      events: [{
        dataType: "trade",
        symbol: "KRW-AB1",
        sequenceId: "17900000003770003",
        timestampCollector: receivedAtMicros,
        timestampExchange: 1_790_000_000_377_000,
        data,
        position: null,
        tradeId: "17900000003770003",
        price: 123_456_000,
        size: 0.001,
        side: "sell"
      }],
      control: null,
      problems: [],
      connectionSequence: null
    })
    const [bid] = parse(frames.trade.replace("ASK", "BID")).events
    assert.isTrue(bid?.dataType === "trade" && bid.side === "buy")
    assert.strictEqual(parse(frames.trade.replace("KRW-AB1", "USDT-CD")).events[0]?.symbol, "USDT-CD")
  })

  it("reads every book as complete, with an id made of its time and its bytes", () => {
    for (
      const [text, time] of [[frames.orderbook, 1_790_000_000_321], [
        frames.orderbookSnapshot,
        1_789_999_999_000
      ]] as const
    ) {
      const data = Buffer.from(text)
      assert.deepStrictEqual(parse(text), {
        events: [{
          dataType: "orderbook",
          symbol: "KRW-AB1",
          sequenceId: `${time}-${crc32(data).toString(16).padStart(8, "0")}`,
          timestampCollector: receivedAtMicros,
          timestampExchange: time * 1000,
          data,
          position: null,
          isSnapshot: true
        }],
        control: null,
        problems: [],
        connectionSequence: null
      })
    }
    // Computed with another CRC-32 implementation.
    assert.strictEqual(parse(frames.orderbook).events[0]?.sequenceId, "1790000000321-ee26db8a")
  })

  it("reads what is not market data", () => {
    const controls = [frames.error, frames.up, frames.list].map((text) => parse(text))
    assert.deepStrictEqual(controls.map((parsed) => parsed.control), [
      { _tag: "Rejected", reason: "INVALID_PARAM: 지원하지 않는 타입입니다." },
      { _tag: "Pong" },
      { _tag: "Ignorable", description: "list of subscriptions" }
    ])
    for (const parsed of controls) assert.deepStrictEqual([parsed.events, parsed.problems], [[], []])
  })

  it("reports what was not asked for", () => {
    const unrequested = (subject: string): ReadonlyArray<Problem> => [{ _tag: "Unrequested", subject }]
    assert.deepStrictEqual(
      parse(frames.trade.replace("KRW-AB1", "BTC-AB1")).problems,
      unrequested("BTC-AB1 trade")
    )
    assert.deepStrictEqual(
      parse(frames.orderbook.replace("KRW-AB1", "USDT-CD")).problems,
      unrequested("USDT-CD orderbook")
    )
    assert.deepStrictEqual(parse(frames.trade.replace("KRW-AB1", "krw-ab1")).events, [])
    assert.deepStrictEqual(parse(frames.trade, []).problems, unrequested("KRW-AB1 trade"))
    assert.deepStrictEqual(
      parse(frames.trade.replace("KRW-AB1", "X".repeat(100))).problems,
      unrequested(`${"X".repeat(60)}...`)
    )
  })

  it("refuses everything that is not as documented", () => {
    const { orderbook, trade } = frames
    assertMalformed(`[${trade}]`, /not a JSON object/)
    assertMalformed(trade.replace(`"type"`, `"ty"`), /neither market data/)
    assertMalformed(trade.replace(`"type":"trade"`, `"type":"ticker"`), /unknown type ticker/)
    assertMalformed(trade.replace(`"KRW-AB1"`, "7"), /code/)
    assertMalformed(trade.replace("ASK", "ask"), /ask_bid/)
    assertMalformed(trade.replace("123456000.00000000", `"123456000"`), /trade_price/)
    assertMalformed(trade.replace("123456000.00000000", "1e999"), /trade_price/)
    assertMalformed(trade.replace("0.0010", "null"), /trade_volume/)
    assertMalformed(trade.replace(`_timestamp":1790000000377`, `_timestamp":"soon"`), /trade_timestamp/)
    assertMalformed(trade.replace(`_timestamp":1790000000377`, `_timestamp":-1`), /trade_timestamp/)
    for (
      const id of [`"17900000003770003"`, "-17900000003770003", "1.7900000003770003E16", "17900000003770003.0", "null"]
    ) {
      assertMalformed(trade.replace("17900000003770003", id), /sequential_id/)
    }
    assertMalformed(trade.replace("sequential_id", "sequential"), /sequential_id/)
    assertMalformed(orderbook.replace("1790000000321", "1.5"), /timestamp/)
    assertMalformed(orderbook.replace("orderbook_units", "units"), /orderbook_units/)
    assertMalformed(orderbook.replace("7.9276E-4", `"7.9276E-4"`), /a unit/)
    assertMalformed(orderbook.replace(`"bid_size":6E-8`, `"bid":6E-8`), /a unit/)
    assertMalformed(`{"status":"DOWN"}`, /neither market data/)
    assertMalformed(`{"error":"x"}`, /neither market data/)
    assertMalformed(`{"error":{"name":404,"message":"Code not found"}}`, /neither market data/)
    assertMalformed("PONG", /JSON/)
  })

  it("takes the later of two ids, and none that hides behind an escape", () => {
    const later = parse(frames.trade.replace(`"change":`, `"sequential_id":5,"change":`))
    assert.strictEqual(later.events[0]?.sequenceId, "17900000003770003")
    assertMalformed(frames.trade.replace(/}$/, `,"sequential_\\u0069d":17900000003770004}`), /escape/)
  })

  it("advises on refused handshakes", () => {
    assert.match(upbit.refusalAdvice(418) ?? "", /blocked/)
    assert.match(upbit.refusalAdvice(429) ?? "", /5 connections a second/)
    assert.match(upbit.refusalAdvice(403) ?? "", /does not serve/)
    assert.isNull(upbit.refusalAdvice(500))
  })
})
