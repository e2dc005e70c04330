import { assert, it } from "@effect/vitest"
import { Effect, Layer, Path } from "effect"
import { TestClock } from "effect/testing"
import * as Feed from "../../src/domain/Feed.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import { PageBytes } from "../../src/sinks/PageBytes.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { appendRows } from "./appendRows.ts"
import { tenOClock, trade } from "./events.ts"
import { SimulatedDisk } from "./simulatedFileSystem.ts"

const dataDir = "/data"
const hours = 48
const segmentBytes = 48 * 1024
const busyRows = 60

/** What `count` rows of a feed take in the journal when they come together. */
const bytesOf = (feed: Feed.Feed, count: number) =>
  appendRows(new PageBytes(64), 1, feed, 1, Array.from({ length: count }, (_, index) => trade(index)))

it.effect(
  `the journal stays within its bound over ${hours} hours of a busy feed and of quiet ones`,
  () =>
    Effect.gen(function*() {
      const disk = new SimulatedDisk()
      yield* TestClock.setTime(tenOClock / 1000)
      const context = yield* Layer.build(
        ParquetSinks.layer({
          dataDir,
          rowGroupRows: 700,
          maxFileAge: "1 hour",
          checkEvery: "1 minute",
          writeBeside: false
        })
          .pipe(
            Layer.provideMerge(Journal.layer({ dataDir, segmentBytes, commitEvery: "1 minute" })),
            Layer.provideMerge(Telemetry.layer),
            Layer.provide(Layer.mergeAll(disk.layer, Path.layer))
          )
      )
      const { journal, sinks, telemetry } = yield* Effect.all({ journal: Journal, sinks: Sinks, telemetry: Telemetry })
        .pipe(
          Effect.provideContext(context)
        )
      const { storage } = telemetry
      const { commit } = journal.open(Feed.make("okx", "NONE", "trade"))
      const open = Effect.fnUntraced(function*(feed: Feed.Feed, together: number) {
        const sink = yield* sinks.open(feed)
        return { sink, stats: telemetry.stats(feed), rowBytes: bytesOf(feed, together) / together, given: 0 }
      })
      const busy = yield* open(Feed.make("binance", "BTC-USDT", "trade"), busyRows)
      const quiet = yield* Effect.forEach(
        Array.from({ length: 12 }, (_, index) => index),
        (index) => open(Feed.make("okx", `COIN${index}`, "trade"), 1)
      )
      const lanes = [busy, ...quiet]
      let highest = 0
      for (let minute = 0; minute < hours * 60; minute++) {
        const give = (lane: typeof busy, count: number) => {
          const micros = tenOClock + minute * 60_000_000
          const events = Array.from(
            { length: count },
            (_, index) => trade(lane.given + index, { timestampCollector: micros + index })
          )
          lane.given += count
          return lane.sink.append(events)
        }
        yield* give(busy, busyRows)
        // One row an hour, each at a minute of its own.
        for (const [index, lane] of quiet.entries()) if (minute % 60 === index * 5) yield* give(lane, 1)
        yield* TestClock.adjust("1 minute")
        // Whatever the minute has set going, a commit comes after it.
        yield* Effect.promise(() => new Promise(setImmediate))
        yield* commit
        const live = lanes.reduce((sum, { rowBytes, stats }) => sum + stats.rowsBuffered * rowBytes, 0)
        assert.isAtMost(storage.journalBytes, 2 * live + 3 * segmentBytes, `after ${minute} minutes`)
        highest = Math.max(highest, storage.journalBytes)
      }
      for (const { given, stats } of quiet) {
        assert.strictEqual(given, hours)
        assert.isAtLeast(stats.filesSealed, hours / 2 - 1)
      }
      assert.isAtLeast(busy.stats.filesSealed, hours - 1)
      // It was long enough to be cut many times.
      assert.isAbove(storage.journalBytesWritten, 50 * highest)
    }),
  60_000
)
