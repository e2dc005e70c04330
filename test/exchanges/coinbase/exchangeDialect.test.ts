import { assert, describe, it } from "@effect/vitest"
import { crc32 } from "node:zlib"
import type { Subscription } from "../../../src/domain/Feed.ts"
import { make } from "../../../src/exchanges/coinbase/Coinbase.ts"
import type { Parsed } from "../../../src/exchanges/Exchange.ts"
import { exchangeSuite } from "../exchangeSuite.ts"
import * as frames from "./exchangeFrames.ts"

const subscriptions: ReadonlyArray<Subscription> = [
  { symbol: "AB-USD", dataType: "orderbook" },
  { symbol: "AB-USD", dataType: "trade" }
]

const receivedAtMicros = 1_790_000_000_555_123
const url = "wss://ws-feed.exchange.coinbase.com"

const exchange = make(url)
const parse = (text: string, wanted = subscriptions): Parsed =>
  exchange.parser(wanted)({ bytes: Buffer.from(text), receivedAtMicros })

const assertMalformed = (text: string, reason: RegExp): void => {
  const parsed = parse(text)
  assert.deepStrictEqual([parsed.events, parsed.control, parsed.problems.length], [[], null, 1], text)
  const problem = parsed.problems[0]!
  assert.isTrue(problem._tag === "Malformed" && reason.test(problem.reason), JSON.stringify(problem))
}

const rows = (...events: ReadonlyArray<unknown>) => ({ events, control: null, problems: [], connectionSequence: null })

const seconds = Date.parse("2026-09-21T14:13:00Z") * 1000

const book = (text: string, timestampExchange: number | null, isSnapshot: boolean) => ({
  dataType: "orderbook",
  symbol: "AB-USD",
  sequenceId: `${timestampExchange ?? "snapshot"}-${crc32(text).toString(16).padStart(8, "0")}`,
  timestampCollector: receivedAtMicros,
  timestampExchange,
  data: Buffer.from(text),
  position: null,
  isSnapshot
})

exchangeSuite("coinbase", () => exchange, {
  subscriptions,
  frames: Object.values(frames),
  maxRequestBytes: 65_536,
  idleMillis: 60_000
})

describe("Coinbase Exchange", () => {
  it("is chosen by host or path", () => {
    const isChosen = (baseUrl: string) => !make(baseUrl).usesToken
    assert.isTrue(isChosen(url))
    assert.isTrue(isChosen("wss://ws-feed-public.sandbox.exchange.coinbase.com"))
    assert.isTrue(isChosen("ws://127.0.0.1:8080/ws-feed"))
    assert.isFalse(isChosen("wss://advanced-trade-ws.coinbase.com"))
    assert.isFalse(isChosen("ws://127.0.0.1:8080/advanced?from=ws-feed"))
    assert.isFalse(isChosen("not a url"))
    assert.strictEqual(make(url).url([]), url)
    assert.strictEqual(make(null).url([]), "wss://advanced-trade-ws.coinbase.com")
  })

  it("asks for everything in one message where the products allow it", () => {
    assert.deepStrictEqual(exchange.subscribe(subscriptions).map((request) => request("token")), [
      `{"type":"subscribe","product_ids":["AB-USD"],"channels":["level2_batch","matches","heartbeat"]}`
    ])
    assert.deepStrictEqual(exchange.subscribe(subscriptions.slice(0, 1)).map((request) => request(null)), [
      `{"type":"subscribe","product_ids":["AB-USD"],"channels":["level2_batch","heartbeat"]}`
    ])
    assert.deepStrictEqual(
      exchange.subscribe([...subscriptions, { symbol: "CD-EUR", dataType: "trade" }]).map((request) => request(null)),
      [
        `{"type":"subscribe","product_ids":["AB-USD"],"channels":["level2_batch","heartbeat"]}`,
        `{"type":"subscribe","product_ids":["AB-USD","CD-EUR"],"channels":["matches","heartbeat"]}`
      ]
    )
  })

  it("reads snapshots and updates of a book", () => {
    assert.deepStrictEqual<unknown>(parse(frames.snapshot), rows(book(frames.snapshot, null, true)))
    assert.deepStrictEqual<unknown>(
      parse(frames.timedSnapshot),
      rows(book(frames.timedSnapshot, seconds + 20_010_758, true))
    )
    assert.deepStrictEqual<unknown>(parse(frames.update), rows(book(frames.update, seconds + 20_060_001, false)))
  })

  it("reads matches with the side turned to the taker's", () => {
    const match = {
      dataType: "trade",
      symbol: "AB-USD",
      sequenceId: "9000002",
      timestampCollector: receivedAtMicros,
      timestampExchange: seconds + 20_500_000,
      data: Buffer.from(frames.match),
      position: { first: 9_000_002, last: 9_000_002, previous: null },
      tradeId: "9000002",
      price: 100.5,
      size: 0.125,
      side: "buy"
    }
    assert.deepStrictEqual<unknown>(parse(frames.match), rows(match))
    assert.deepStrictEqual<unknown>(
      parse(frames.lastMatch),
      rows({
        ...match,
        sequenceId: "9000001",
        timestampExchange: seconds + 19_000_000,
        data: Buffer.from(frames.lastMatch),
        position: { first: 9_000_001, last: 9_000_001, previous: null },
        tradeId: "9000001",
        price: 100.25,
        size: 2,
        side: "sell"
      })
    )
  })

  it("reads what is not market data", () => {
    assert.deepStrictEqual(
      [frames.acknowledgement, frames.heartbeat, frames.error].map((text) => parse(text).control),
      [
        { _tag: "Acknowledged" },
        { _tag: "Heartbeat" },
        { _tag: "Rejected", reason: "Failed to subscribe: XX-USD is not a valid product" }
      ]
    )
  })

  it("reports what was not asked for", () => {
    const problems = (text: string) => parse(text, [{ symbol: "CD-EUR", dataType: "trade" }]).problems
    assert.deepStrictEqual(problems(frames.match), [{ _tag: "Unrequested", subject: "AB-USD trade" }])
    assert.deepStrictEqual(problems(frames.update.replace("AB-USD", "CD-EUR")), [
      { _tag: "Unrequested", subject: "CD-EUR orderbook" }
    ])
  })

  it("refuses everything that is not as documented", () => {
    const { match, snapshot, timedSnapshot, update } = frames
    assertMalformed(`[${match}]`, /not a JSON object/)
    assertMalformed(match.replace(`"match"`, `"ticker"`), /unknown type ticker/)
    assertMalformed(match.replace(`"match"`, "0"), /type is not text/)
    assertMalformed(match.replace(`"AB-USD"`, "{}"), /product_id/)
    for (const id of [`"9000002"`, "-9000002", "9000002.5", "9007199254740993"]) {
      assertMalformed(match.replace("9000002", id), /trade_id/)
    }
    assertMalformed(match.replace(`"100.50"`, "100.50"), /price/)
    assertMalformed(match.replace(`"0.125"`, `""`), /size/)
    assertMalformed(match.replace(`"sell"`, `"ask"`), /side/)
    assertMalformed(match.replace("20.5Z", "20.5+00:00"), /time/)
    assertMalformed(snapshot.replace(`"bids"`, `"bid"`), /bids/)
    assertMalformed(snapshot.replace(`"0.1"]`, `0.1]`), /asks/)
    assertMalformed(timedSnapshot.replace("2026", "26"), /time/)
    assertMalformed(update.replace("2026", "26"), /time/)
    assertMalformed(update.replace(`"changes"`, `"change"`), /changes/)
    assertMalformed(update.replace(`"buy"`, `"bid"`), /changes/)
    assertMalformed(update.replace(`,"0"]`, `]`), /changes/)
    assertMalformed(`{"type":"error"}`, /message/)
  })
})
