import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import type { Gap } from "../../src/domain/Gap.ts"
import { venues } from "../../src/domain/Venue.ts"
import { auditTrades, type AuditTradesOptions, type RecordedTrade } from "../../src/simulator/auditTrades.ts"
import type { GeneratedTrade } from "../../src/simulator/Simulator.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { follow, symbolOf } from "./client.ts"

const begin = 1_790_000_000_000

/** Trades a second apart, their ids one apart. */
const tradesOf = (count: number, firstId = 100): ReadonlyArray<GeneratedTrade> =>
  Array.from({ length: count }, (_, i) => ({ id: String(firstId + i), atMillis: begin + i * 1_000 }))

const rowOf = ({ atMillis, id }: GeneratedTrade): RecordedTrade => ({
  sequenceId: id,
  exchangeMicros: atMillis * 1_000 + 7,
  data: "{}"
})

const gapOf = (fields: Partial<Gap>): Gap => ({
  id: "gap",
  revision: 1,
  dataType: "trade",
  cause: "disconnected",
  status: "missing",
  openedMicros: begin * 1_000,
  closedMicros: (begin + 3_600_000) * 1_000,
  firstMissingId: null,
  lastMissingId: null,
  missing: null,
  recovered: 0,
  connectionBefore: 1,
  connectionAfter: 2,
  ...fields
})

const found = (fields: Partial<AuditTradesOptions>) =>
  auditTrades({
    venue: "binance",
    generated: [],
    rows: [],
    gaps: [],
    fromMillis: begin - 1,
    untilMillis: begin + 3_600_000,
    ...fields
  })

const Copies = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))

describe("auditTrades", () => {
  it.prop(
    "finds every trade that is missing or doubled",
    [Arbitrary.array(Arbitrary.schema(Copies), { minLength: 1, maxLength: 30 })],
    ([copies]) => {
      const generated = tradesOf(copies.length)
      const rows = generated.flatMap((trade, i) => Array.from({ length: copies[i] ?? 0 }, () => rowOf(trade)))
      const audit = found({ generated, rows: rows.toReversed() })
      assert.deepStrictEqual(audit.missingOutsideGaps, generated.filter((_, i) => copies[i] === 0))
      assert.deepStrictEqual(audit.doubled, generated.filter((_, i) => (copies[i] ?? 0) > 1))
      assert.strictEqual(audit.recorded, copies.filter((count) => count > 0).length)
      assert.strictEqual(audit.generated, copies.length)
    }
  )

  it("takes a loss as told where a gap names its ids, and checks the size", () => {
    const generated = tradesOf(10)
    const rows = generated.filter(({ id }) => !["103", "104", "106"].includes(id)).map(rowOf)
    const gap = gapOf({ firstMissingId: "103", lastMissingId: "104", missing: 2 })
    const audit = found({ generated, rows, gaps: [gap] })
    assert.deepStrictEqual(audit.missingOutsideGaps.map(({ id }) => id), ["106"])
    assert.deepStrictEqual([audit.inGaps, audit.recorded, audit.wrongSizes.length, audit.falseGaps.length], [
      2,
      7,
      0,
      0
    ])
    for (const missing of [1, 3, null]) {
      assert.deepStrictEqual(found({ generated, rows, gaps: [{ ...gap, missing }] }).wrongSizes, [
        { gap: { ...gap, missing }, lost: 2 }
      ])
    }
    // Partly filled: what came late is in the rows, and no longer missing.
    const filled = { generated, rows: [...rows, rowOf(generated[3]!)], gaps: [{ ...gap, missing: 1, recovered: 1 }] }
    assert.strictEqual(found(filled).wrongSizes.length, 0)
  })

  it("believes the latest revision alone", () => {
    const generated = tradesOf(5)
    const rows = generated.filter(({ id }) => id !== "102").map(rowOf)
    const missing = gapOf({ firstMissingId: "102", lastMissingId: "102", missing: 1 })
    for (const status of ["repaired", "dismissed"] as const) {
      const revised = { ...missing, revision: 2, status, missing: 0 }
      for (const gaps of [[missing, revised], [revised, missing]]) {
        assert.deepStrictEqual(found({ generated, rows, gaps }).missingOutsideGaps.map(({ id }) => id), ["102"])
      }
    }
    assert.strictEqual(found({ generated, rows, gaps: [{ ...missing, dataType: "orderbook" }] }).inGaps, 0)
    assert.strictEqual(found({ generated, rows, gaps: [{ ...missing, status: "open" }] }).inGaps, 1)
  })

  it("goes by the time where ids tell nothing, or are not known", () => {
    const generated = tradesOf(10)
    const rows = generated.filter(({ id }) => !["103", "107"].includes(id)).map(rowOf)
    const gap = gapOf({ openedMicros: (begin + 2_000) * 1_000, closedMicros: (begin + 4_000) * 1_000 })
    for (const venue of venues) {
      const audit = found({ venue, generated, rows, gaps: [gap] })
      assert.deepStrictEqual([audit.inGaps, audit.missingOutsideGaps.map(({ id }) => id)], [1, ["107"]], venue)
    }
    const open = gapOf({ id: "another", openedMicros: (begin + 5_000) * 1_000, closedMicros: null, status: "open" })
    assert.strictEqual(found({ venue: "upbit", generated, rows, gaps: [gap, open] }).inGaps, 2)
    const late = gapOf({ openedMicros: (begin + 3_400) * 1_000, closedMicros: (begin + 4_000) * 1_000 })
    assert.strictEqual(found({ venue: "upbit", generated, rows, gaps: [late] }).inGaps, 1)
    assert.strictEqual(found({ venue: "upbit", generated, rows, gaps: [late], toleranceMillis: 300 }).inGaps, 0)
  })

  it("holds a gap in which nothing was lost against the recorder, where it could know", () => {
    const generated = tradesOf(5)
    const rows = generated.map(rowOf)
    const lists = (venue: "binance" | "bybit", gap: Gap) => {
      const { falseGaps, needlessGaps } = found({ venue, generated, rows, gaps: [gap] })
      return [falseGaps.length, needlessGaps.length]
    }
    assert.deepStrictEqual(lists("binance", gapOf({ firstMissingId: "102", lastMissingId: "103", missing: 2 })), [1, 0])
    assert.deepStrictEqual(lists("binance", gapOf({})), [1, 0])
    assert.deepStrictEqual(lists("bybit", gapOf({})), [0, 1])
    assert.deepStrictEqual(lists("bybit", gapOf({ missing: 3 })), [1, 0])
    assert.deepStrictEqual(lists("binance", gapOf({ status: "dismissed" })), [0, 0])
  })

  it("asks nothing of what happened before and after, and tells rows of trades that never happened", () => {
    const generated = tradesOf(10)
    const audit = found({ generated, fromMillis: begin + 2_000, untilMillis: begin + 7_000 })
    assert.deepStrictEqual(audit.missingOutsideGaps.map(({ id }) => id), ["103", "104", "105", "106"])
    assert.strictEqual(audit.generated, 4)
    const older = rowOf({ id: "1", atMillis: begin - 5_000 })
    const invented = rowOf({ id: "999", atMillis: begin + 1_000 })
    const moved = rowOf({ id: "101", atMillis: begin + 9_000 })
    const rows = [...generated.map(rowOf), older, invented, moved]
    assert.deepStrictEqual(found({ generated, rows }).neverGenerated, [invented, moved])
  })

  it("counts the fills for which a trade of OKX stands", () => {
    const generated = tradesOf(6).map(({ id }) => ({ id, atMillis: begin }))
    const row = (sequenceId: string, count: number): RecordedTrade => ({
      sequenceId,
      exchangeMicros: begin * 1_000,
      data: `{"instId":"BTC-USDT","tradeId":"${sequenceId}","count":"${count}"}`
    })
    const audit = found({ venue: "okx", generated, rows: [row("102", 3), row("105", 2)] })
    assert.deepStrictEqual(audit.missingOutsideGaps.map(({ id }) => id), ["103"])
    assert.strictEqual(
      found({ venue: "okx", generated, rows: [row("102", 3), rowOf(generated[1]!)] }).doubled.length,
      1
    )
  })

  it("tells a trade from one that had its id before the venue numbered anew", () => {
    const generated = [...tradesOf(5), ...tradesOf(5).map(({ atMillis, id }) => ({ id, atMillis: atMillis + 60_000 }))]
    const rows = generated.filter((_, place) => place !== 7).map(rowOf)
    const gap = gapOf({ firstMissingId: "102", lastMissingId: "102", missing: 1 })
    const early = { ...gap, closedMicros: (begin + 10_000) * 1_000 }
    const late = { ...gap, openedMicros: (begin + 59_000) * 1_000 }
    assert.strictEqual(found({ generated, rows, gaps: [early] }).missingOutsideGaps.length, 1)
    assert.strictEqual(found({ generated, rows, gaps: [early] }).falseGaps.length, 1)
    const audit = found({ generated, rows, gaps: [late] })
    assert.deepStrictEqual([audit.missingOutsideGaps.length, audit.wrongSizes.length, audit.inGaps], [0, 0, 1])
  })

  it.live("accounts for what a simulated venue sent, and for what happened while nobody listened", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, timings: { upbitSnapshotDelay: [1, 2] } })
      for (const venue of venues) {
        const symbol = symbolOf[venue]
        const { ledger } = simulator
        const first = yield* follow(simulator.baseUrl, venue)
        yield* simulator.until(() => ledger.firstSubscribedAt(venue, symbol, "trade") !== null)
        const fromMillis = (ledger.firstSubscribedAt(venue, symbol, "trade") ?? 0) - 1
        yield* simulator.produce(venue, symbol, 40)
        yield* simulator.stopTraffic
        yield* simulator.resumeTraffic
        yield* simulator.faults.inject({ kind: "abrupt" })
        yield* first.closed
        const before = simulator.trades(venue, symbol)
        yield* simulator.produce(venue, symbol, 25)
        const after = simulator.trades(venue, symbol)
        const lost = after.slice(before.length)
        const rows = ledger.entries({ venue, dataType: "trade" }).map((entry) => ({
          sequenceId: entry.sequenceId ?? "",
          exchangeMicros: entry.timestampExchange,
          data: entry.data
        }))
        const once = [...new Map(rows.map((row) => [row.sequenceId, row])).values()]
        const options = { venue, generated: after, rows: once, gaps: [], fromMillis, untilMillis: Infinity }
        const audit = auditTrades(options)
        assert.isAbove(lost.length, 20, venue)
        assert.deepStrictEqual(audit.missingOutsideGaps, lost, venue)
        assert.deepStrictEqual([audit.neverGenerated, audit.doubled], [[], []], venue)
        assert.strictEqual(audit.recorded + lost.length, audit.generated, venue)
        assert.isAbove(audit.recorded, 20, venue)
      }
    }))
})
