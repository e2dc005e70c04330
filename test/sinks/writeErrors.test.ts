import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer, vi } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, FileSystem, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import { randomBytes } from "node:crypto"
import { dirname } from "node:path"
import type { Event } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import type { Options as SinkOptions } from "../../src/sinks/sinkSettings.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import { incompressible, tenOClock, trade, trades } from "./events.ts"
import * as faultyFileSystem from "./faultyFileSystem.ts"
import { harness } from "./harness.ts"
import { hyparquetRows } from "./readers.ts"

const feed = Feed.make("binance", "BTC-USDT", "trade")
const firstPath = `binance/btcusdt/trade/2026-03-14/${tenOClock / 1000}.parquet`

/** A sink of `feed` on a disk that fails on demand, which tries again when rows come; and what it logs meanwhile. */
const failingStorage = Effect.fnUntraced(function*(sinks: Partial<SinkOptions> = {}) {
  const faults = faultyFileSystem.make()
  const storage = yield* harness({
    sinks: { rowGroupRows: 100, retryEvery: "5 seconds", checkEvery: "1 day", ...sinks },
    fileSystem: faultyFileSystem.layer(faults)
  })
  const scope = yield* Scope.make()
  const sink = yield* Scope.provide(storage.sinks.open(feed), scope)
  const lines: Array<string> = []
  const logger = Logger.layer([
    Logger.make(({ logLevel, message }) => {
      if (logLevel !== "Debug") lines.push(`${logLevel} ${String(message)}`)
    })
  ])
  const logged = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.provide(self, logger)
  return {
    ...storage,
    faults,
    lines,
    appendNow: (from: number, count: number) => sink.appendNow(trades(count, from)),
    append: (from: number, count: number) => logged(sink.append(trades(count, from))),
    appendEvents: (events: ReadonlyArray<Event>) => logged(sink.append(events)),
    close: logged(Scope.close(scope, Exit.void)),
    counts: storage.stats(feed),
    fileRows: (path: string) => Effect.map(storage.rows(path), (rows) => rows.map((row) => row.trade_id))
  }
})

const tradeIds = (count: number, from = 0) => trades(count, from).map((event) => event.tradeId)

layer(NodeServices.layer)("when the disk fails", (it) => {
  it.effect("it is told how long a row group has waited for it, where it does not answer", () =>
    Effect.gen(function*() {
      const faults = faultyFileSystem.make()
      const { disk, sinks } = yield* harness({
        sinks: { rowGroupRows: 10 },
        fileSystem: faultyFileSystem.layer(faults)
      })
      const sink = yield* sinks.open(feed)
      // The first row group finds a disk that answers, so that the next one is the first write to hang.
      yield* sink.append(trades(10))
      const asked = yield* Deferred.make<void>()
      const answers = yield* Deferred.make<void>()
      faults.beforeWrite = Effect.andThen(Deferred.succeed(asked, undefined), Deferred.await(answers))
      const writing = yield* Effect.forkChild(sink.append(trades(10, 10)))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("45 seconds")
      assert.strictEqual(disk.longestMillis, 45_000)
      yield* Deferred.succeed(answers, undefined)
      yield* Fiber.join(writing)
      assert.strictEqual(disk.longestMillis, 0)
    }))

  it.effect("rows that whoever brought them keeps are not told of as lost when writing works again", () =>
    Effect.gen(function*() {
      const faults = faultyFileSystem.make()
      const storage = yield* harness({
        sinks: { rowGroupRows: 10, memoryBudgetBytes: 4096, retryEvery: "5 seconds", checkEvery: "1 day" },
        fileSystem: faultyFileSystem.layer(faults)
      })
      const counts = storage.stats(feed)
      let kept = 0
      const sink = yield* storage.sinks.open(feed, {
        onLost: ({ rows }) => {
          if (kept > 0) return
          kept = rows
          counts.rowsLost -= rows
        }
      })
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
      faults.roomBytes = 0
      yield* Effect.gen(function*() {
        yield* sink.append(trades(200))
        yield* sink.append(trades(5, 200))
        faults.roomBytes = Infinity
        yield* TestClock.adjust("5 seconds")
        yield* sink.append(trades(1, 300))
      }).pipe(Effect.provide(logger))
      assert.isAbove(kept, 0)
      assert.include(lines, `writing works again after 5 s; rows lost meanwhile: ${counts.rowsLost}`)
      assert.isAbove(counts.rowsLost, 0)
    }))

  it.effect("a torn row group is cut off, kept and written again; the file stays whole", () =>
    Effect.gen(function*() {
      const storage = yield* failingStorage()
      yield* storage.append(0, 100)
      const goodBytes = storage.counts.openFileBytes
      storage.faults.roomBytes = 700
      yield* storage.append(100, 100)
      assert.deepInclude(storage.counts, { writeErrors: 1, rowsBuffered: 100, rowsWritten: 100, rowsLost: 0 })
      const [open = ""] = yield* storage.openFiles
      const size = (yield* (yield* FileSystem.FileSystem).stat(storage.absolute(`.open/${open}`))).size
      assert.strictEqual(Number(size), goodBytes)
      storage.faults.roomBytes = Infinity
      yield* TestClock.adjust("5 seconds")
      yield* storage.append(200, 50)
      yield* storage.close
      assert.deepStrictEqual(yield* storage.fileRows(firstPath), tradeIds(250))
      assert.strictEqual((yield* Effect.promise(() => hyparquetRows(storage.absolute(firstPath)))).length, 250)
      assert.deepInclude(storage.counts, { rowsBuffered: 0, rowsSealed: 250, rowsLost: 0, openFileBytes: 0 })
    }))

  it.effect("takes rows at once only where nothing is to be written, and never once it fails or is closed", () =>
    Effect.gen(function*() {
      const storage = yield* failingStorage()
      assert.isTrue(storage.appendNow(0, 10))
      // There is no file yet.
      assert.isFalse(storage.appendNow(10, 10))
      yield* storage.append(10, 10)
      assert.isTrue(storage.appendNow(20, 80))
      // The row group is full.
      assert.isFalse(storage.appendNow(100, 1))
      yield* storage.append(100, 1)
      assert.isTrue(storage.appendNow(101, 99))
      storage.faults.roomBytes = 0
      yield* storage.append(200, 1)
      assert.isFalse(storage.appendNow(201, 1))
      storage.faults.roomBytes = Infinity
      yield* TestClock.adjust("5 seconds")
      yield* storage.append(201, 1)
      assert.isTrue(storage.appendNow(202, 1))
      yield* storage.close
      assert.isFalse(storage.appendNow(203, 1))
      assert.deepStrictEqual(yield* storage.fileRows(firstPath), tradeIds(203))
      assert.strictEqual(storage.counts.rowsLost, 0)
    }))

  it.effect("a row group is cut off later where even that fails at first", () =>
    Effect.gen(function*() {
      const storage = yield* failingStorage()
      yield* storage.append(0, 100)
      storage.faults.roomBytes = 700
      storage.faults.failing.add("truncate")
      yield* storage.append(100, 100)
      storage.faults.roomBytes = Infinity
      yield* TestClock.adjust("5 seconds")
      yield* storage.append(200, 1)
      assert.strictEqual(storage.counts.writeErrors, 2)
      storage.faults.failing.clear()
      yield* TestClock.adjust("5 seconds")
      yield* storage.append(201, 1)
      yield* storage.close
      assert.deepStrictEqual(yield* storage.fileRows(firstPath), tradeIds(202))
    }))

  it.effect("one line tells that it began and one that it ended, however many attempts there were", () =>
    Effect.gen(function*() {
      const storage = yield* failingStorage()
      storage.faults.roomBytes = 0
      for (let at = 0; at < 500; at += 100) {
        yield* storage.append(at, 100)
        yield* TestClock.adjust("5 seconds")
      }
      storage.faults.roomBytes = Infinity
      yield* TestClock.adjust("5 seconds")
      yield* storage.append(500, 1)
      assert.isAbove(storage.counts.writeErrors, 3)
      assert.strictEqual(storage.lines.filter((line) => line.startsWith("Error")).length, 1)
      assert.match(storage.lines[0] ?? "", /could not create a file: .*ENOSPC.*tried again every 5000 ms/)
      yield* storage.close
      assert.deepStrictEqual(yield* storage.fileRows(firstPath), tradeIds(501))
    }))

  it.effect("attempts are made no more often than asked, whatever comes in", () =>
    Effect.gen(function*() {
      const storage = yield* failingStorage()
      storage.faults.roomBytes = 0
      for (let at = 0; at < 50; at++) yield* storage.append(at, 1)
      assert.strictEqual(storage.counts.writeErrors, 1)
    }))

  it.effect("rows beyond the bound are dropped and counted, told once, and recording resumes by itself", () =>
    Effect.gen(function*() {
      const storage = yield* failingStorage({ rowGroupBytes: 64 * 1024 })
      storage.faults.roomBytes = 0
      for (let at = 0; at < 10_000; at += 100) yield* storage.append(at, 100)
      const { rowsBuffered, rowsLost } = storage.counts
      assert.strictEqual(rowsBuffered + rowsLost, 10_000)
      assert.isAbove(rowsLost, 5000)
      assert.isAbove(rowsBuffered, 300)
      assert.strictEqual(storage.lines.filter((line) => line.includes("rows are being lost")).length, 1)
      storage.faults.roomBytes = Infinity
      yield* TestClock.adjust("5 seconds")
      yield* storage.append(10_000, 100)
      // The 100 rows that brought the attempt came when there was no room yet.
      yield* storage.append(10_100, 100)
      yield* storage.close
      assert.deepStrictEqual(yield* storage.fileRows(firstPath), [...tradeIds(rowsBuffered), ...tradeIds(100, 10_100)])
      assert.strictEqual(storage.counts.rowsLost, rowsLost + 100)
    }))

  it.effect("feeds that fail together stay within the memory budget", () =>
    Effect.gen(function*() {
      const faults = faultyFileSystem.make()
      const storage = yield* harness({
        sinks: { memoryBudgetBytes: 1024 * 1024 },
        fileSystem: faultyFileSystem.layer(faults)
      })
      faults.roomBytes = 0
      const feeds = Array.from({ length: 20 }, (_, index) => Feed.make("okx", `COIN${index}`, "trade"))
      const sinks = yield* Effect.forEach(feeds, (feed) => storage.sinks.open(feed))
      for (let at = 0; at < 5000; at += 500) {
        yield* Effect.forEach(sinks, (sink) => sink.append(trades(500, at).map(incompressible)))
      }
      const kept = feeds.map((each) => storage.stats(each).rowsBuffered)
      assert.isAbove(Math.min(...kept), 50)
      // 20 feeds share 1 MiB; a buffer may double once beyond its share, and a row takes some 150 bytes.
      assert.isBelow(kept.reduce((sum, rows) => sum + rows, 0) * 150, 2 * 1024 * 1024)
    }))

  it.effect("it is tried again also when no more rows come", () =>
    Effect.gen(function*() {
      const storage = yield* failingStorage({ checkEvery: "5 seconds", maxFileAge: "1 hour" })
      storage.faults.roomBytes = 0
      yield* storage.append(0, 10)
      storage.faults.roomBytes = Infinity
      const timePasses = Effect.forever(TestClock.adjust("5 seconds"))
      const sealed = yield* Effect.raceFirst(storage.nextSealed, timePasses)
      assert.deepStrictEqual(yield* storage.fileRows(sealed), tradeIds(10))
    }))

  describe("while a file is sealed", () => {
    it.effect("the disk has all of it before it has its name, and its name before it counts as sealed", () =>
      Effect.gen(function*() {
        const storage = yield* failingStorage()
        yield* storage.append(0, 10)
        storage.faults.done.length = 0
        yield* storage.close
        const open = storage.absolute(`.open/binance.btcusdt.trade.${tenOClock / 1000}.parquet`)
        const target = storage.absolute(firstPath)
        const folder = dirname(target)
        const state = storage.absolute(".state/binance.btcusdt.trade.json")
        // The folders above are new, and known to the disk from the top down before the file is among them.
        const parents = [dirname(folder), dirname(dirname(folder)), dirname(dirname(dirname(folder))), storage.dataDir]
        assert.deepStrictEqual(storage.faults.done, [
          `write ${open}`,
          `sync ${open}`,
          `write ${open}.groups`,
          `sync ${open}.groups`,
          `write ${open}`,
          `sync ${open}`,
          ...parents.toReversed().map((parent) => `sync ${parent}`),
          // Once the file has its name, it may be stored and gone: what a restart has to know of it is kept before.
          `sync ${storage.dataDir}`,
          `write ${state}.new`,
          `sync ${state}.new`,
          `rename ${state}`,
          `sync ${dirname(state)}`,
          // What is gone without a word in its checkpoints was removed by somebody.
          `write ${open}.groups`,
          `sync ${open}.groups`,
          `rename ${target}`,
          `sync ${folder}`
        ])
      }))

    it.effect.each(["sync", "rename", "makeDirectory"] as const)(
      "and %s fails, it is sealed later, whole",
      (method) =>
        Effect.gen(function*() {
          const storage = yield* failingStorage({ maxFileAge: "1 hour" })
          yield* storage.append(0, 150)
          storage.faults.failing.add(method)
          yield* TestClock.adjust("1 hour")
          yield* storage.append(150, 10)
          assert.isAbove(storage.counts.writeErrors, 0)
          assert.deepStrictEqual(yield* storage.sealedFiles, [])
          storage.faults.failing.clear()
          yield* TestClock.adjust("5 seconds")
          yield* storage.append(160, 1)
          assert.strictEqual(yield* storage.nextSealed, firstPath)
          assert.deepStrictEqual(yield* storage.fileRows(firstPath), tradeIds(150))
          yield* storage.close
          assert.deepStrictEqual(
            yield* storage.fileRows(yield* storage.nextSealed),
            tradeIds(11, 150)
          )
          assert.deepInclude(storage.counts, { rowsSealed: 161, rowsLost: 0, openFileBytes: 0, filesSealed: 2 })
        })
    )

    it.effect("and the disk is full, the footer is written when there is room", () =>
      Effect.gen(function*() {
        const storage = yield* failingStorage({ maxFileAge: "1 hour" })
        yield* storage.append(0, 100)
        storage.faults.roomBytes = 20
        yield* TestClock.adjust("1 hour")
        yield* storage.append(100, 1)
        assert.strictEqual(storage.counts.writeErrors, 1)
        storage.faults.roomBytes = Infinity
        yield* TestClock.adjust("5 seconds")
        yield* storage.append(101, 1)
        assert.deepStrictEqual(yield* storage.fileRows(yield* storage.nextSealed), tradeIds(100))
        yield* storage.close
      }))
  })

  describe("when the sink closes meanwhile", () => {
    it.effect("what is in the file is sealed, and the rest is counted as lost", () =>
      Effect.gen(function*() {
        const storage = yield* failingStorage()
        yield* storage.append(0, 100)
        // Enough for the footer, not for the rows.
        storage.faults.roomBytes = 4000
        yield* storage.appendEvents(
          Array.from({ length: 99 }, (_, index) => trade(100 + index, { data: randomBytes(300) }))
        )
        yield* storage.close
        assert.deepStrictEqual(yield* storage.fileRows(firstPath), tradeIds(100))
        assert.deepInclude(storage.counts, { rowsBuffered: 0, rowsSealed: 100, rowsLost: 99, openFileBytes: 0 })
        assert.isTrue(storage.lines.some((line) => line.startsWith("Error") && line.includes("rows are being lost")))
      }))

    it.effect("a file that cannot be sealed is left and named", () =>
      Effect.gen(function*() {
        const storage = yield* failingStorage()
        yield* storage.append(0, 100)
        storage.faults.failing.add("sync")
        yield* storage.close
        const [open = ""] = yield* storage.openFiles
        assert.isTrue(storage.lines.some((line) => line.includes(open) && line.includes("100 rows")))
        assert.deepInclude(storage.counts, { rowsSealed: 0, openFileBytes: 0 })
      }))

    it.effect("no empty file is left", () =>
      Effect.gen(function*() {
        const storage = yield* failingStorage()
        yield* storage.append(0, 1)
        storage.faults.roomBytes = 0
        yield* storage.close
        assert.deepStrictEqual(yield* storage.openFiles, [])
        assert.strictEqual(storage.counts.rowsLost, 1)
      }))
  })

  it.effect("rows that cannot be encoded are tried once more, and only then counted as lost; the others are written", () =>
    Effect.gen(function*() {
      for (const failures of [1, 2]) {
        const storage = yield* failingStorage({ rowGroupRows: 10 })
        let left = failures
        const columns = vi.spyOn(RowBuffer.prototype, "columns").mockImplementation(function(this: RowBuffer) {
          if (--left <= 0) columns.mockRestore()
          throw new RangeError("Array buffer allocation failed")
        })
        yield* storage.append(0, 10)
        yield* storage.append(10, 10)
        yield* storage.close
        const lost = failures === 1 ? 0 : 10
        assert.strictEqual(storage.counts.rowsLost, lost)
        assert.deepStrictEqual(yield* storage.fileRows(firstPath), tradeIds(20 - lost, lost))
        assert.lengthOf(storage.lines.filter((line) => line.includes("Array buffer allocation failed")), failures - 1)
      }
    }))

  it.effect("a sink that was given nothing but a row of the wrong kind makes no file", () =>
    Effect.gen(function*() {
      const storage = yield* harness()
      yield* Effect.scoped(Effect.gen(function*() {
        const sink = yield* storage.sinks.open(feed)
        const book = { ...trade(1), dataType: "orderbook" as const, isSnapshot: true }
        assert.isTrue(Exit.hasDies(yield* Effect.exit(sink.append([book]))))
      }))
      assert.deepStrictEqual([...(yield* storage.sealedFiles), ...(yield* storage.openFiles)], [])
    }))

  it.effect("a row of the wrong kind is a bug of the caller and harms no other row", () =>
    Effect.gen(function*() {
      const storage = yield* harness()
      yield* Effect.scoped(Effect.gen(function*() {
        const sink = yield* storage.sinks.open(feed)
        yield* sink.append([trade(0)])
        const book = { ...trade(1), dataType: "orderbook" as const, isSnapshot: true }
        assert.isTrue(Exit.hasDies(yield* Effect.exit(sink.append([trade(1), book]))))
        yield* sink.append([trade(2)])
      }))
      assert.deepStrictEqual((yield* storage.rows(firstPath)).map((row) => row.trade_id), tradeIds(3))
    }))
})
