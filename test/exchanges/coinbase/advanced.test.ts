import { assert, describe, it } from "@effect/vitest"
import type { DataType, Subscription } from "../../../src/domain/Feed.ts"
import { make } from "../../../src/exchanges/coinbase/Coinbase.ts"
import type { Parsed } from "../../../src/exchanges/Exchange.ts"
import { exchangeSuite } from "../exchangeSuite.ts"
import * as frames from "./frames.ts"

const both = (symbol: string): ReadonlyArray<Subscription> => [
  { symbol, dataType: "orderbook" },
  { symbol, dataType: "trade" }
]

const receivedAtMicros = 1_790_000_000_555_123

const coinbase = make(null)
const parse = (text: string, wanted = both("AB-USD")): Parsed =>
  coinbase.parser(wanted)({ bytes: Buffer.from(text), receivedAtMicros })

const assertMalformed = (text: string, reason: RegExp, connectionSequence: number | null): void => {
  const parsed = parse(text)
  assert.deepStrictEqual(parsed.events, [], text)
  assert.isNull(parsed.control, text)
  assert.strictEqual(parsed.problems.length, 1, text)
  const problem = parsed.problems[0]!
  assert.isTrue(problem._tag === "Malformed" && reason.test(problem.reason), JSON.stringify(problem))
  assert.strictEqual(parsed.connectionSequence, connectionSequence, text)
}

const book = (text: string, sequence: number, time: string, isSnapshot: boolean, symbol = "AB-USD") => ({
  dataType: "orderbook",
  symbol,
  sequenceId: String(sequence),
  timestampCollector: receivedAtMicros,
  timestampExchange: Date.parse(time) * 1000 + Number(time.slice(23, 26).replace("Z", "").padEnd(3, "0")),
  data: Buffer.from(text),
  position: null,
  isSnapshot
})

const seconds = Date.parse("2026-09-21T14:13:00Z") * 1000

const older = {
  dataType: "trade",
  symbol: "AB-USD",
  sequenceId: "9000001",
  timestampCollector: receivedAtMicros,
  timestampExchange: seconds + 18_000_000,
  data: Buffer.from(frames.olderTrade),
  position: { first: 9_000_001, last: 9_000_001, previous: null },
  tradeId: "9000001",
  price: 100.25,
  size: 3,
  side: "sell"
}

const newest = {
  ...older,
  sequenceId: "9000002",
  timestampExchange: seconds + 19_900_000,
  data: Buffer.from(frames.newestTrade),
  position: { first: 9_000_002, last: 9_000_002, previous: null },
  tradeId: "9000002",
  price: 100.5,
  size: 0.00046022,
  side: "buy"
}

exchangeSuite("coinbase", make, {
  subscriptions: both("AB-USD"),
  frames: Object.values(frames).filter((frame) => frame !== frames.newestTrade && frame !== frames.olderTrade),
  maxRequestBytes: 65_536,
  idleMillis: 60_000
})

describe("Coinbase Advanced Trade", () => {
  it("asks for one channel a message, heartbeats last, each with its own token", () => {
    const requests = coinbase.subscribe([...both("AB-USD"), { symbol: "CD-USDC", dataType: "trade" }])
    assert.isTrue(coinbase.usesToken)
    assert.deepStrictEqual(requests.map((request) => request(null)), [
      `{"type":"subscribe","product_ids":["AB-USD"],"channel":"level2"}`,
      `{"type":"subscribe","product_ids":["AB-USD","CD-USDC"],"channel":"market_trades"}`,
      `{"type":"subscribe","channel":"heartbeats"}`
    ])
    assert.deepStrictEqual(requests.map((request, i) => JSON.parse(request(`token ${i}`)).jwt), [
      "token 0",
      "token 1",
      "token 2"
    ])
    assert.deepStrictEqual(coinbase.subscribe([{ symbol: "AB-USD", dataType: "trade" }]).map((r) => r(null)), [
      `{"type":"subscribe","product_ids":["AB-USD"],"channel":"market_trades"}`,
      `{"type":"subscribe","channel":"heartbeats"}`
    ])
  })

  it("reads snapshots and updates of a book, empty ones too", () => {
    for (
      const [text, sequence, time, isSnapshot] of [
        [frames.bookSnapshot, 0, "2026-09-21T14:13:20.123456Z", true],
        [frames.bookUpdate, 4, "2026-09-21T14:13:20.200Z", false],
        [frames.emptyBookUpdate, 5, "2026-09-21T14:13:21.000Z", false]
      ] as const
    ) {
      assert.deepStrictEqual<unknown>(parse(text), {
        events: [book(text, sequence, time, isSnapshot)],
        control: null,
        problems: [],
        connectionSequence: sequence
      })
    }
  })

  it("gives one row for each product of a book message, a snapshot if any event is one", () => {
    const event = (type: string, product: string) => `{"type":"${type}","product_id":"${product}","updates":[]}`
    const text = `{"channel":"l2_data","timestamp":"2026-09-21T14:13:20Z","sequence_num":9,"events":[${
      [
        event("update", "AB-USD"),
        event("snapshot", "CD-EUR"),
        event("snapshot", "AB-USD"),
        event("update", "EF-USD"),
        event("update", "CD-EUR"),
        event("update", "GH-EUR"),
        event("update", "GH-EUR")
      ].join()
    }]}`
    assert.deepStrictEqual<unknown>(parse(text, ["AB-USD", "CD-EUR", "GH-EUR"].flatMap(both)), {
      events: [
        book(text, 9, "2026-09-21T14:13:20Z", true),
        book(text, 9, "2026-09-21T14:13:20Z", true, "CD-EUR"),
        book(text, 9, "2026-09-21T14:13:20Z", false, "GH-EUR")
      ],
      control: null,
      problems: [{ _tag: "Unrequested", subject: "EF-USD orderbook" }],
      connectionSequence: 9
    })
  })

  it("loses only the product whose levels are not as documented", () => {
    const text = `{"channel":"l2_data","timestamp":"2026-09-21T14:13:20Z","sequence_num":9,"events":[
      {"type":"update","product_id":"AB-USD","updates":[]},
      {"type":"update","product_id":"CD-EUR","updates":[]},
      {"type":"update","product_id":"AB-USD","updates":[{"side":"ask","price_level":"1","new_quantity":"1"}]},
      {"type":"update","updates":[]}
    ]}`
    const parsed = parse(text, [...both("AB-USD"), ...both("CD-EUR")])
    assert.deepStrictEqual(parsed.events.map((event) => event.symbol), ["CD-EUR"])
    assert.deepStrictEqual(parsed.problems, [
      { _tag: "Malformed", reason: "l2_data: a level has not the known shape" },
      { _tag: "Malformed", reason: "l2_data: product_id is not text" }
    ])
    assert.strictEqual(parsed.connectionSequence, 9)
  })

  it("reads a batch of trades, oldest first, with the side turned to the taker's", () => {
    assert.deepStrictEqual<unknown>(parse(frames.trades), {
      events: [older, newest],
      control: null,
      problems: [],
      connectionSequence: 1
    })
  })

  it("keeps the order of the events of a message", () => {
    const trade = (id: number) => frames.newestTrade.replace("9000002", String(id))
    const event = (...ids: ReadonlyArray<number>) => `{"type":"update","trades":[${ids.map(trade).join()}]}`
    const text = `{"channel":"market_trades","sequence_num":2,"events":[${event(3, 2, 1)},${event(5, 4)}]}`
    assert.deepStrictEqual(parse(text).events.map((event) => event.sequenceId), ["1", "2", "3", "4", "5"])
  })

  it("loses only the trades that are not as documented", () => {
    const broken = [
      [`"9000002"`, "9000002"],
      [`"9000002"`, `"9e6"`],
      [`"100.50"`, "100.5"],
      [`"0.00046022"`, `"much"`],
      [`"SELL"`, `"ASK"`],
      [`:19.9Z`, `:19.9`],
      [`"AB-USD"`, "null"]
    ].map(([from, to]) => frames.newestTrade.replace(from!, to!))
    const text = frames.trades.replace(frames.newestTrade, ["7", ...broken, frames.newestTrade].join())
    const parsed = parse(text)
    assert.deepStrictEqual<unknown>(parsed.events, [older, newest])
    assert.strictEqual(parsed.problems.length, 8)
    assert.isTrue(parsed.problems.every((problem) => problem._tag === "Malformed"))
    assert.deepStrictEqual(parse(frames.trades.replace("AB-USD", "XY-USD")).problems, [
      { _tag: "Unrequested", subject: "XY-USD trade" }
    ])
  })

  it("keeps trade ids that are no exact numbers as text", () => {
    const ids = ["9007199254740993", "9007199254740992", "9007199254740991"]
    const text = `{"channel":"market_trades","sequence_num":2,"events":[{"type":"update","trades":[${
      ids.map((id) => frames.newestTrade.replace("9000002", id)).join()
    }]}]}`
    assert.deepStrictEqual(parse(text).events.map((event) => [event.sequenceId, event.position?.first]), [
      ["9007199254740991", 9_007_199_254_740_991],
      ["9007199254740992", undefined],
      ["9007199254740993", undefined]
    ])
  })

  it("counts every message in the numbering of the connection", () => {
    const numbers = [frames.trades, frames.acknowledgement, frames.heartbeat, frames.noTrades, frames.error].map((
      text
    ) => parse(text).connectionSequence)
    assert.deepStrictEqual(numbers, [1, 3, 7, 6, null])
  })

  it("files pairs quoted in USDC as what was asked", () => {
    const symbolOf = (asked: string, product: string, dataType: DataType = "orderbook") =>
      parse(
        (dataType === "trade" ? frames.trades : frames.bookUpdate).replaceAll("AB-USD", product),
        [{ symbol: asked, dataType }]
      ).events[0]?.symbol
    assert.strictEqual(symbolOf("AB-USDC", "AB-USD"), "AB-USDC")
    assert.strictEqual(symbolOf("AB-USDC", "AB-USD", "trade"), "AB-USDC")
    assert.strictEqual(symbolOf("AB-USDC", "AB-USDC"), "AB-USDC")
    for (const own of ["USDT-USDC", "EURC-USDC"]) {
      assert.strictEqual(symbolOf(own, own), own)
      assert.isUndefined(symbolOf(own, own.slice(0, -1)))
    }
    assert.isUndefined(symbolOf("AB-USD", "AB-USDC"))
    assert.deepStrictEqual(parse(frames.bookUpdate, [{ symbol: "AB-USD", dataType: "trade" }]).problems, [
      { _tag: "Unrequested", subject: "AB-USD orderbook" }
    ])
  })

  it("says that a USDC pair cannot share a connection with its USD pair", () => {
    const wanted = [...both("AB-USDC"), ...both("AB-USD")]
    assert.deepStrictEqual(parse(frames.trades, wanted).events.map((event) => event.symbol), ["AB-USD", "AB-USD"])
    assert.deepStrictEqual(parse(frames.acknowledgement, wanted).control, {
      _tag: "Rejected",
      reason: "AB-USDC arrives as AB-USD, which this connection carries too: connect to them separately"
    })
    const apart: ReadonlyArray<Subscription> = [
      { symbol: "AB-USDC", dataType: "orderbook" },
      { symbol: "AB-USD", dataType: "trade" }
    ]
    assert.deepStrictEqual(parse(frames.acknowledgement, apart).control, { _tag: "Acknowledged" })
  })

  it("reads acknowledgements, which are complete only with heartbeats", () => {
    const controlOf = (text: string, wanted = both("AB-USD")) => parse(text, wanted).control
    assert.deepStrictEqual(controlOf(frames.acknowledgement), { _tag: "Acknowledged" })
    assert.deepStrictEqual(controlOf(frames.partialAcknowledgement), { _tag: "Acknowledged" })
    assert.deepStrictEqual(controlOf(frames.emptyAcknowledgement), { _tag: "Acknowledged" })
    assert.deepStrictEqual(controlOf(frames.acknowledgement, both("AB-USDC")), { _tag: "Acknowledged" })
    assert.deepStrictEqual(controlOf(frames.acknowledgement, both("XY-USD")), {
      _tag: "Rejected",
      reason: "XY-USD is missing from the subscriptions that Coinbase confirmed"
    })
    assert.deepStrictEqual(
      controlOf(frames.acknowledgement, [...both("XY-USD"), ...both("AB-USD"), ...both("Z-EUR")]),
      {
        _tag: "Rejected",
        reason: "XY-USD, Z-EUR are missing from the subscriptions that Coinbase confirmed"
      }
    )
    assert.deepStrictEqual(controlOf(frames.acknowledgement.replace("market_trades", "ticker")), {
      _tag: "Rejected",
      reason: "AB-USD is missing from the subscriptions that Coinbase confirmed"
    })
  })

  it("reads heartbeats and errors", () => {
    assert.deepStrictEqual(parse(frames.heartbeat).control, { _tag: "Heartbeat" })
    assert.deepStrictEqual(parse(frames.error).control, { _tag: "Rejected", reason: "authentication failure" })
    assert.deepStrictEqual(parse(frames.error.replace("}", `,"reason":"why"}`)).control, {
      _tag: "Rejected",
      reason: "authentication failure: why"
    })
  })

  it("refuses everything that is not as documented", () => {
    const { acknowledgement, bookUpdate, heartbeat, trades } = frames
    assertMalformed(`[${bookUpdate}]`, /not a JSON object/, null)
    assertMalformed(bookUpdate.replace(`:4,`, `:"4",`), /sequence_num/, null)
    assertMalformed(bookUpdate.replace(`:4,`, `:-4,`), /sequence_num/, null)
    assertMalformed(heartbeat.replace("sequence_num", "sequence"), /sequence_num/, null)
    assertMalformed(heartbeat.replace("heartbeats", "status"), /unknown channel status/, 7)
    assertMalformed(heartbeat.replace(`"heartbeats"`, "1"), /channel is not text/, 7)
    assertMalformed(bookUpdate.replace("20.2Z", "20.2"), /timestamp/, 4)
    assertMalformed(bookUpdate.replace(`"events"`, `"event"`), /events/, 4)
    assertMalformed(bookUpdate.replace(`"update"`, `"delta"`), /type/, 4)
    assertMalformed(bookUpdate.replace(`"updates"`, `"changes"`), /updates/, 4)
    assertMalformed(bookUpdate.replace(`"100.50"`, "100.5"), /a level/, 4)
    assertMalformed(bookUpdate.replace(`:"0"`, `:"none"`), /a level/, 4)
    assertMalformed(trades.replace(`"events"`, `"event"`), /events/, 1)
    assertMalformed(trades.replace(`"snapshot"`, `"delta"`), /an event/, 1)
    assertMalformed(trades.replace(`"trades"`, `"trade"`), /an event/, 1)
    assertMalformed(trades.replace(/]}$/, `],"ev\\u0065nts":[]}`), /escape/, 1)
    assertMalformed(acknowledgement.replace(`"subscriptions":`, `"channels":`), /subscriptions/, 3)
    assertMalformed(`{"type":"error"}`, /message/, null)
  })

  it("reads a snapshot of several MB", () => {
    const level = (i: number) =>
      `{"side":"${
        i % 2 === 0 ? "bid" : "offer"
      }","event_time":"2026-09-21T14:13:20.1Z","price_level":"${i}.25","new_quantity":"0.5"}`
    const levels = Array.from({ length: 52_000 }, (_, i) => level(i)).join()
    const text = frames.bookSnapshot.replace(/"updates":\[.*?]/, `"updates":[${levels}]`)
    assert.isAbove(text.length, 5_000_000)
    assert.isBelow(text.length, coinbase.limits.maxFrameBytes / 4)
    const parsed = parse(text)
    assert.deepStrictEqual(parsed.problems, [])
    assert.strictEqual(parsed.events[0]?.data.length, text.length)
  })
})
