import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { GapEvent, Row } from "../../src/domain/Event.ts"
import * as Series from "../../src/domain/Series.ts"
import * as Ledger from "../../src/feeds/Ledger.ts"
import * as lostRows from "../../src/sinks/lostRows.ts"
import { makeSinkStats } from "../../src/telemetry/SinkStats.ts"
import { nothingSealed } from "../sinks/events.ts"

const statement = (id: string, revision: number): GapEvent => ({
  dataType: "gap",
  symbol: "BTCUSDT",
  sequenceId: `${id}#${revision}`,
  timestampCollector: 0,
  timestampExchange: null,
  data: Buffer.from("{}"),
  position: null,
  gap: {
    id,
    revision,
    dataType: "trade",
    cause: "disk",
    status: "missing",
    openedMicros: 0,
    closedMicros: 0,
    firstMissingId: null,
    lastMissingId: null,
    missing: 1,
    recovered: 0,
    connectionBefore: null,
    connectionAfter: null
  }
})

describe("the ledger of a symbol", () => {
  it.effect("says again what the disk did not take, of each gap the latest word, and counts none of it as lost", () =>
    Effect.gen(function*() {
      const stats = makeSinkStats(Series.make("bybit", "BTCUSDT", "gap"))
      const written: Array<string> = []
      let full = true
      const ledger = yield* Ledger.make({
        memory: nothingSealed,
        appendNow: () => false,
        append: (rows: ReadonlyArray<Row>) =>
          Effect.sync(() => {
            if (!full) return void written.push(...rows.map(({ sequenceId }) => sequenceId))
            stats.rowsLost += rows.length
            ledger.lost(lostRows.ofRows(rows))
          })
      }, stats)
      yield* ledger.sink.append([statement("a", 1), statement("b", 1)])
      yield* ledger.sink.append([statement("a", 2)])
      yield* TestClock.adjust("2 seconds")
      yield* ledger.again
      assert.deepStrictEqual(written, [])
      assert.strictEqual(stats.rowsLost, 0)
      full = false
      yield* ledger.again
      assert.deepStrictEqual(written, [])
      yield* TestClock.adjust("2 seconds")
      yield* ledger.again
      assert.deepStrictEqual(written.toSorted(), ["a#2", "b#1"])
      yield* TestClock.adjust("2 seconds")
      yield* ledger.again
      yield* ledger.sink.append([statement("c", 1)])
      assert.deepStrictEqual(written.slice(2), ["c#1"])
    }))

  it.effect("says for the last time what still waits, and has what is lost then counted", () =>
    Effect.gen(function*() {
      const stats = makeSinkStats(Series.make("bybit", "BTCUSDT", "gap"))
      const given: Array<string> = []
      const ledger = yield* Ledger.make({
        memory: nothingSealed,
        appendNow: () => false,
        append: (rows: ReadonlyArray<Row>) =>
          Effect.sync(() => {
            given.push(...rows.map(({ sequenceId }) => sequenceId))
            stats.rowsLost += rows.length
            ledger.lost(lostRows.ofRows(rows))
          })
      }, stats)
      yield* ledger.sink.append([statement("a", 1), statement("b", 1)])
      assert.strictEqual(stats.rowsLost, 0)
      yield* ledger.end
      assert.deepStrictEqual(given, ["a#1", "b#1", "a#1", "b#1"])
      assert.strictEqual(stats.rowsLost, 2)
      yield* ledger.end
      assert.strictEqual(stats.rowsLost, 2)
    }))
})
