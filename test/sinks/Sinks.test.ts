import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, FileSystem, Latch, Layer, Path, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Feed from "../../src/domain/Feed.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import { withoutJournal } from "../../src/sinks/withoutJournal.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import type { Options as SinkOptions } from "../../src/sinks/sinkSettings.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { tenOClock, trade, trades } from "./events.ts"
import * as faultyFileSystem from "./faultyFileSystem.ts"
import { harness } from "./harness.ts"
import { duckdbRows, hyparquetMetadata, hyparquetRows, rowOf } from "./readers.ts"
import { sinkSuite } from "./sinkSuite.ts"

const feed = Feed.make("binance", "BTC-USDT", "trade")
const millisOf = (micros: number) => Math.floor(micros / 1000)
const firstPath = `binance/btcusdt/trade/2026-03-14/${millisOf(tenOClock)}.parquet`

sinkSuite(
  "Parquet files",
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const dataDir = yield* fs.makeTempDirectoryScoped()
    return {
      layer: Layer.orDie(ParquetSinks.layer({ dataDir, rowGroupRows: 300, writeBeside: true })).pipe(
        Layer.provide(Layer.orDie(Journal.layer({ dataDir, commitEvery: "1 millis" }))),
        Layer.provide(Telemetry.layer),
        Layer.provide(NodeServices.layer)
      ),
      stored: fs.readDirectory(dataDir, { recursive: true }).pipe(
        Effect.map((names) => names.filter((name) => name.endsWith(".parquet")).toSorted()),
        Effect.flatMap((names) =>
          Effect.promise(() => Promise.all(names.map((name) => duckdbRows(path.join(dataDir, name)))))
        ),
        Effect.map((files) => files.flat()),
        Effect.orDie
      )
    }
  }).pipe(Effect.orDie, Effect.provide(NodeServices.layer))
)

layer(NodeServices.layer)("Sinks", (it) => {
  describe("a file", () => {
    it.effect("exists from the first row on, grows apart, and takes its place when it is whole", () =>
      Effect.gen(function*() {
        const storage = yield* harness()
        const scope = yield* Scope.make()
        const sink = yield* Scope.provide(storage.sinks.open(feed), scope)
        assert.deepStrictEqual(yield* storage.openFiles, [])
        yield* sink.append([trade(0)])
        assert.deepStrictEqual(yield* storage.openFiles, [`binance.btcusdt.trade.${millisOf(tenOClock)}.parquet`])
        assert.deepStrictEqual(yield* storage.sealedFiles, [])
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(yield* storage.openFiles, [])
        assert.deepStrictEqual(yield* storage.sealedFiles, [firstPath])
        assert.strictEqual(yield* storage.nextSealed, firstPath)
        const rows = yield* Effect.promise(() => hyparquetRows(storage.absolute(firstPath)))
        assert.deepStrictEqual(rows, [rowOf(feed, trade(0))])
      }))

    it.effect("stands below the name of its server where there is one", () =>
      Effect.gen(function*() {
        const storage = yield* harness({ sinks: { homeServerName: "tokyo-1" } })
        yield* Effect.scoped(Effect.flatMap(storage.sinks.open(feed), (sink) => sink.append([trade(0)])))
        assert.deepStrictEqual(yield* storage.sealedFiles, [
          `binance/btcusdt/trade/tokyo-1/2026-03-14/${millisOf(tenOClock)}.parquet`
        ])
      }))

    it.effect("never replaces another: the next free millisecond names it", () =>
      Effect.gen(function*() {
        const storage = yield* harness()
        for (const index of [0, 1, 2]) {
          yield* Effect.scoped(Effect.flatMap(storage.sinks.open(feed), (sink) =>
            sink.append([trade(index, { timestampCollector: tenOClock })])))
        }
        const files = yield* storage.sealedFiles
        assert.deepStrictEqual(
          files,
          [0, 1, 2].map((more) =>
            `binance/btcusdt/trade/2026-03-14/${millisOf(tenOClock) + more}.parquet`
          )
        )
        for (const [index, file] of files.entries()) {
          assert.deepStrictEqual((yield* storage.rows(file)).map((row) => row.trade_id), [trade(index).tradeId])
        }
      }))

    it.effect("never replaces another, also when sinks of one feed seal at the same time", () =>
      Effect.gen(function*() {
        const storage = yield* harness()
        const one = (index: number) =>
          Effect.scoped(
            Effect.flatMap(storage.sinks.open(feed), (sink) =>
              sink.append([trade(index, { timestampCollector: tenOClock })]))
          )
        yield* Effect.forEach(Array.from({ length: 20 }, (_, index) => index), one, { concurrency: "unbounded" })
        const files = yield* storage.sealedFiles
        assert.strictEqual(files.length, 20)
        const rows = yield* Effect.forEach(files, storage.rows)
        assert.strictEqual(new Set(rows.flat().map((row) => row.trade_id)).size, 20)
      }))

    it.effect("has row groups of the given number of rows, and of the given size", () =>
      Effect.gen(function*() {
        const groups = Effect.fnUntraced(function*(options: Partial<SinkOptions>) {
          const storage = yield* harness({ sinks: options })
          yield* Effect.scoped(Effect.flatMap(storage.sinks.open(feed), (sink) => sink.append(trades(250))))
          const metadata = yield* Effect.promise(() => hyparquetMetadata(storage.absolute(firstPath)))
          assert.strictEqual((yield* storage.rows(firstPath)).length, 250)
          return metadata.row_groups
        })
        assert.deepStrictEqual((yield* groups({ rowGroupRows: 100 })).map((group) => group.num_rows), [100n, 100n, 50n])
        const bySize = yield* groups({ rowGroupBytes: 8 * 1024 })
        assert.isAbove(bySize.length, 3)
        for (const group of bySize) assert.isAtMost(Number(group.total_byte_size), 16 * 1024)
      }))
  })

  describe("rotates", () => {
    it.effect("at the age of the first row, also when no more rows come", () =>
      Effect.gen(function*() {
        const storage = yield* harness({ sinks: { maxFileAge: "1 hour" } })
        const sink = yield* storage.sinks.open(feed)
        yield* TestClock.adjust("10 minutes")
        yield* sink.append([trade(0)])
        yield* TestClock.adjust("59 minutes")
        yield* sink.append([trade(1)])
        assert.deepStrictEqual(yield* storage.sealedFiles, [])
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* storage.nextSealed, firstPath)
        assert.strictEqual((yield* storage.rows(firstPath)).length, 2)
        assert.deepStrictEqual(yield* storage.openFiles, [])
        assert.isNull(storage.stats(feed).openFile)
        yield* sink.append([trade(2)])
        const [open, ...others] = yield* storage.openFiles
        assert.deepStrictEqual(others, [])
        assert.strictEqual(storage.stats(feed).openFile, `.open/${open}`)
      }))

    it.effect("at that age to the millisecond when rows do come", () =>
      Effect.gen(function*() {
        const storage = yield* harness({ sinks: { maxFileAge: "1 hour", checkEvery: "1 day" } })
        const sink = yield* storage.sinks.open(feed)
        yield* sink.append([trade(0)])
        yield* TestClock.adjust("3599999 millis")
        yield* sink.append([trade(1)])
        assert.deepStrictEqual(yield* storage.sealedFiles, [])
        yield* TestClock.adjust("1 millis")
        yield* sink.append([trade(2)])
        assert.deepStrictEqual((yield* storage.rows(yield* storage.nextSealed)).map((row) => row.trade_id), [
          trade(0).tradeId,
          trade(1).tradeId
        ])
      }))

    it.effect("at its size", () =>
      Effect.gen(function*() {
        const storage = yield* harness({ sinks: { maxFileBytes: 20_000, rowGroupRows: 100 } })
        const scope = yield* Scope.make()
        const sink = yield* Scope.provide(storage.sinks.open(feed), scope)
        for (let at = 0; at < 3000; at += 50) yield* sink.append(trades(50, at))
        yield* Scope.close(scope, Exit.void)
        const files = yield* storage.sealedFiles
        const rows = yield* Effect.forEach(files, storage.rows)
        const fs = yield* FileSystem.FileSystem
        const sizes = yield* Effect.forEach(files, (file) =>
          Effect.map(fs.stat(storage.absolute(file)), (info) => Number(info.size)))
        assert.isAbove(files.length, 2)
        for (const size of sizes.slice(0, -1)) {
          assert.isAbove(size, 20_000)
          assert.isBelow(size, 40_000)
        }
        assert.deepStrictEqual(
          rows.flat().map((row) =>
            row.trade_id
          ),
          trades(3000).map((event) => event.tradeId)
        )
      }))

    it.effect("at its size within one large batch, each file named after its own first row", () =>
      Effect.gen(function*() {
        const storage = yield* harness({ sinks: { maxFileBytes: 5000, rowGroupRows: 100 } })
        yield* Effect.scoped(Effect.flatMap(storage.sinks.open(feed), (sink) => sink.append(trades(500))))
        const files = yield* storage.sealedFiles
        assert.isAbove(files.length, 1)
        let seen = 0
        for (const file of files) {
          assert.isTrue(file.endsWith(`/${millisOf(trade(seen).timestampCollector)}.parquet`))
          seen += (yield* storage.rows(file)).length
        }
        assert.strictEqual(seen, 500)
      }))

    it.effect("at midnight UTC of the rows, within a batch and however the clock goes", () =>
      Effect.gen(function*() {
        const storage = yield* harness()
        const midnight = Date.UTC(2026, 2, 15) * 1000
        const at = (index: number, micros: number) => trade(index, { timestampCollector: midnight + micros })
        yield* Effect.scoped(Effect.flatMap(storage.sinks.open(feed), (sink) =>
          sink.append([at(0, -2_000_000), at(1, -1), at(2, 0), at(3, 5), at(4, -1000)])))
        const files = yield* storage.sealedFiles
        const day = "binance/btcusdt/trade/2026-03-1"
        assert.deepStrictEqual(files, [
          `${day}4/${midnight / 1000 - 2000}.parquet`,
          `${day}4/${midnight / 1000 - 1}.parquet`,
          `${day}5/${midnight / 1000}.parquet`
        ])
        const rows = yield* Effect.forEach(files, storage.rows)
        assert.deepStrictEqual(
          rows.map((file) =>
            file.map((row) => row.trade_id)
          ),
          [
            [trade(0).tradeId, trade(1).tradeId],
            [trade(4).tradeId],
            [trade(2).tradeId, trade(3).tradeId]
          ]
        )
      }))
  })

  it.effect("counts what it does", () =>
    Effect.gen(function*() {
      const storage = yield* harness({ sinks: { rowGroupRows: 100 } })
      const stats = storage.stats(feed)
      const scope = yield* Scope.make()
      const sink = yield* Scope.provide(storage.sinks.open(feed), scope)
      yield* sink.append(trades(250))
      assert.deepInclude(stats, { rowsBuffered: 50, rowsWritten: 200, rowsSealed: 0, filesSealed: 0 })
      assert.isAbove(stats.openFileBytes, 1000)
      assert.strictEqual(stats.openFile, `.open/${(yield* storage.openFiles)[0]}`)
      yield* Scope.close(scope, Exit.void)
      const size = (yield* (yield* FileSystem.FileSystem).stat(storage.absolute(firstPath))).size
      assert.deepInclude(stats, {
        rowsBuffered: 0,
        rowsWritten: 250,
        rowsSealed: 250,
        rowsLost: 0,
        filesSealed: 1,
        openFile: null,
        openFileBytes: 0,
        sealedBytes: Number(size),
        writeErrors: 0
      })
    }))

  it.effect("refuses a feed whose files would not stay in the data folder", () =>
    Effect.gen(function*() {
      const storage = yield* harness()
      const error = yield* Effect.flip(storage.sinks.open({ ...feed, normalizedSymbol: "../../etc" }))
      assert.strictEqual(error._tag, "SinkError")
      assert.include(error.message, "../../etc")
    }))

  it.effect("says which folder cannot be created", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.makeTempFileScoped()
      const error = yield* Effect.flip(harness({ sinks: { dataDir: file } }))
      assert.strictEqual(error._tag, "SinkError")
      assert.include(error.message, file)
    }))

  it.effect("takes rows at once while a row group is being written, and loses none of them", () =>
    Effect.gen(function*() {
      const faults = faultyFileSystem.make()
      const disk = yield* Latch.make(true)
      const writing = yield* Deferred.make<void>()
      const storage = yield* harness({ sinks: { rowGroupRows: 1000 }, fileSystem: faultyFileSystem.layer(faults) })
      const scope = yield* Scope.make()
      const sink = yield* Scope.provide(storage.sinks.open(feed), scope)
      yield* sink.append(trades(10))
      yield* disk.close
      faults.beforeWrite = Effect.andThen(Deferred.succeed(writing, undefined), disk.await)
      const first = yield* Effect.forkChild(sink.append(trades(1990, 10)))
      yield* Deferred.await(writing)
      yield* sink.append(trades(1500, 2000))
      yield* Fiber.interrupt(first).pipe(Effect.forkChild)
      assert.strictEqual(storage.stats(feed).rowsBuffered, 3500)
      yield* disk.open
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(
        (yield* storage.rows(firstPath)).map((row) => row.trade_id),
        trades(3500).map((event) => event.tradeId)
      )
    }))

  it.effect("a bug while rows are taken costs those that were not taken, and they alone are counted as lost", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
      let journalBroken = false
      const journal = Journal.of({
        open: () => ({
          ...withoutJournal(1),
          append: () => {
            if (journalBroken) throw new Error("a bug of the journal")
          }
        })
      })
      const context = yield* Layer.build(
        ParquetSinks.layer({ dataDir, writeBeside: false }).pipe(
          Layer.provide(Layer.succeed(Journal, journal)),
          Layer.provideMerge(Telemetry.layer),
          Layer.provide(NodeServices.layer)
        )
      )
      const stats = (yield* Effect.provide(Telemetry, context)).stats(feed)
      const unreadable = Object.defineProperty({ ...trade(2) }, "timestampCollector", {
        get: () => {
          throw new Error("a bug of an event")
        }
      })
      yield* Effect.scoped(Effect.gen(function*() {
        const sink = yield* (yield* Effect.provide(Sinks, context)).open(feed)
        const bugs = [
          yield* Effect.exit(sink.append([trade(0), trade(1), unreadable, trade(3)])),
          yield* Effect.exit(Effect.andThen(Effect.sync(() => journalBroken = true), sink.append([trade(4), trade(5)])))
        ]
        for (const bug of bugs) assert.isTrue(Exit.hasDies(bug))
        assert.deepInclude(stats, { rowsBuffered: 4, rowsLost: 2 })
        journalBroken = false
        yield* sink.append([trade(6)])
      }))
      assert.deepInclude(stats, { rowsSealed: 5, rowsLost: 2 })
    }))
})
