import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import * as StorageStats from "../../src/telemetry/StorageStats.ts"
import * as stopAccounts from "../../src/telemetry/stopAccounts.ts"
import { makeStats } from "../../src/telemetry/Telemetry.ts"

const feeds = (count: number) =>
  Array.from({ length: count }, (_, index) => makeStats(Feed.make("okx", `S${index}-USDT`, "trade")))

describe("the account of a phase", () => {
  it.effect("of the feeds counts those whose connection was open when it began", () =>
    Effect.gen(function*() {
      const all = feeds(6)
      for (const stats of all.slice(1)) stats.connected = true
      const account = stopAccounts.ofFeeds(() => all)()
      all[0]!.connected = false
      for (const stats of all) stats.connected = false
      assert.deepStrictEqual(yield* account, {
        text: "5 of 5 connections closed, 0 events left in queues",
        complete: true
      })
      for (const stats of all.slice(2)) stats.connected = true
      all[2]!.eventsQueued = 1200
      assert.deepStrictEqual(yield* account, {
        text: "1 of 5 connections closed (not okx/s2usdt/trade, okx/s3usdt/trade, okx/s4usdt/trade, ...), " +
          "1,200 events left in queues; they are lost unless the sinks take them within their limit",
        complete: false
      })
    }))

  it.effect("of the sinks counts what was sealed since it began, and every row that is in no sealed file", () =>
    Effect.gen(function*() {
      const [first, second] = feeds(2)
      const stats = first!
      Object.assign(stats, { filesSealed: 7, rowsSealed: 70_000, rowsWritten: 71_000, rowsBuffered: 5, rowsLost: 3 })
      const account = stopAccounts.ofSinks(() => [stats, second!], "data/parquet")()
      Object.assign(stats, { filesSealed: 8, rowsSealed: 71_005, rowsWritten: 71_005, rowsBuffered: 0 })
      assert.deepStrictEqual(yield* account, {
        text: "1 file sealed (1,005 rows), 0 left open, 0 rows left",
        complete: true
      })
      Object.assign(second!, { filesOpen: 1, rowsWritten: 40, rowsBuffered: 2, rowsUnwritten: 9, rowsLost: 4 })
      assert.deepStrictEqual(yield* account, {
        text: "1 file sealed (1,005 rows), 1 left open, 4 rows lost, 51 rows left; " +
          "the next start takes them from the open files and the journal in data/parquet, as far as these have them",
        complete: false
      })
    }))

  it.effect("of the journal tells what it keeps, and why", () =>
    Effect.gen(function*() {
      const stats = StorageStats.make(yield* Clock.Clock)
      stats.journalSegments = 2
      const account = stopAccounts.ofJournal(stats, "data/parquet/.journal")()
      Object.assign(stats, { journalRows: () => 1500, journalBytes: 99_000, problem: "could not write: no space" })
      assert.deepStrictEqual(yield* account, {
        text:
          "0 segments removed, 2 left with 1,500 rows (99,000 bytes) in data/parquet/.journal for the next start; " +
          "could not write: no space",
        complete: false
      })
      Object.assign(stats, { journalSegments: 0, problem: null })
      assert.deepStrictEqual(yield* account, { text: "2 segments removed, nothing left in it", complete: true })
    }))
})
