import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Exit, FileSystem, Path, Scope } from "effect"
import { createHash } from "node:crypto"
import type { Row } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import * as Series from "../../src/domain/Series.ts"
import * as MemoryKeeper from "../../src/sinks/MemoryKeeper.ts"
import type { LostRows } from "../../src/sinks/Sink.ts"
import { book, gapRow, nothingSealed, tenOClock, trade, trades } from "./events.ts"
import * as faultyFileSystem from "./faultyFileSystem.ts"
import { harness } from "./harness.ts"
import { parquetMetadata } from "./readers.ts"

const feed = Feed.make("binance", "BTC-USDT", "trade")
const bookFeed = Feed.make("okx", "BTC-USDT", "orderbook")
const gapSeries = Series.make("okx", "BTC-USDT", "gap")

/** What a restart knows of `series` below `dataDir`. */
const known = Effect.fnUntraced(function*(dataDir: string, series: Series.Series) {
  const keepers = MemoryKeeper.make(yield* FileSystem.FileSystem, yield* Path.Path, dataDir)
  return (yield* keepers(series)).memory()
})

/** Writes `rows` and seals; what a restart knows then, which is what the sink itself says. */
const sealed = Effect.fnUntraced(function*(series: Series.Series, rows: ReadonlyArray<Row>, rowGroupRows = 10) {
  const storage = yield* harness({ sinks: { rowGroupRows } })
  const scope = yield* Scope.make()
  const sink = yield* Scope.provide(storage.sinks.open(series), scope)
  assert.deepStrictEqual(sink.memory, nothingSealed)
  for (const row of rows) yield* sink.append([row])
  yield* Scope.close(scope, Exit.void)
  const memory = yield* known(storage.dataDir, series)
  assert.deepStrictEqual(sink.memory, memory)
  return memory
})

layer(NodeServices.layer)("what a restart knows", (it) => {
  describe("of the newest row", () => {
    it.effect("is the trade with the highest number, whatever was fetched or came late", () =>
      Effect.gen(function*() {
        const { tail } = yield* sealed(feed, [
          ...trades(25),
          trade(3, { sequenceId: "999999", origin: "repair", timestampCollector: trade(99).timestampCollector }),
          trade(23, { timestampCollector: trade(91).timestampCollector })
        ])
        const newest = trade(24)
        assert.deepStrictEqual(tail, {
          lastId: newest.sequenceId,
          lastReceivedMicros: trade(91).timestampCollector,
          lastExchangeMicros: newest.timestampExchange,
          recentIds: [...trades(25).map(({ sequenceId }) => sequenceId), "999999", "1000023"]
        })
      }))

    it.effect("is none in a file of trades that were all fetched", () =>
      Effect.gen(function*() {
        const { tail } = yield* sealed(feed, [0, 1, 2].map((index) => trade(index, { origin: "repair" })))
        assert.strictEqual(tail, null)
      }))

    it.effect("is the trade that was received last over a connection, where ids are no numbers", () =>
      Effect.gen(function*() {
        const rows = Array.from({ length: 25 }, (_, index) => trade(index, { sequenceId: `id-${(index * 7) % 25}` }))
        const fetched = trade(99, { sequenceId: "id-99", origin: "repair" })
        const { tail } = yield* sealed(feed, [...rows, fetched])
        assert.deepInclude(tail, { lastId: rows[24]!.sequenceId, lastReceivedMicros: trade(24).timestampCollector })
        assert.deepStrictEqual(tail?.recentIds, [...rows, fetched].map(({ sequenceId }) => sequenceId))
      }))

    it.effect("is the book that was received last, with the venue's time where it has one", () =>
      Effect.gen(function*() {
        const rows = Array.from(
          { length: 25 },
          (_, index) => book(index, { timestampExchange: index % 3 === 0 ? tenOClock + index : null })
        )
        const late = book(24, {
          sequenceId: "late",
          timestampCollector: rows[23]!.timestampCollector,
          timestampExchange: 7
        })
        const { tail } = yield* sealed(bookFeed, [...rows, late])
        assert.deepStrictEqual(tail, {
          lastId: "24",
          lastReceivedMicros: rows[24]!.timestampCollector,
          lastExchangeMicros: tenOClock + 24,
          recentIds: []
        })
      }))

    it.effect("comes with the ids of 512 trades, also over many row groups and files", () =>
      Effect.gen(function*() {
        const { tail } = yield* sealed(feed, trades(700), 9)
        assert.deepStrictEqual(tail?.recentIds, trades(512, 188).map(({ sequenceId }) => sequenceId))
      }))
  })

  it.effect("of gaps is the last word on each of which something is missing", () =>
    Effect.gen(function*() {
      const open = gapRow(1, { id: "one", status: "open", closedMicros: null })
      const closed = gapRow(2, { id: "one", revision: 2, missing: 3, firstMissingId: "5", lastMissingId: "7" })
      const repaired = gapRow(3, { id: "two", status: "repaired" })
      const { gaps, tail } = yield* sealed(gapSeries, [open, closed, repaired], 2)
      assert.deepStrictEqual(gaps, [closed.gap])
      assert.deepInclude(tail, { lastId: "two#1", lastReceivedMicros: repaired.timestampCollector })
    }))
})

layer(NodeServices.layer)("a sealed file", (it) => {
  it.effect("says what is in it, and names the file before it by its path and SHA-256", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const storage = yield* harness({ sinks: { rowGroupRows: 10, homeServerName: "tokyo-1" } })
      const stats = storage.stats(feed)
      const { sequence } = stats
      const write = (rows: ReadonlyArray<Row>, newestGap: string) =>
        Effect.gen(function*() {
          const sink = yield* storage.sinks.open(feed, { rule: "consecutive" })
          sequence.gaps += 2
          stats.newestGap = newestGap
          sequence.duplicates += rows.length
          yield* sink.append(rows)
        }).pipe(Effect.scoped, Effect.andThen(storage.nextSealed))
      const first = yield* write(trades(25), "trade-1-2")
      const second = yield* write(trades(4, 25), "trade-1-5")
      const third = yield* write(trades(1, 29), "trade-1-5")
      const contents = yield* Effect.forEach([first, second, third], (path) => fs.readFile(storage.absolute(path)))
      const [one, two, three] = yield* Effect.forEach(contents, (content) =>
        Effect.promise(() => parquetMetadata(Buffer.from(content))))
      const sha256 = createHash("sha256").update(contents[0]!).digest("hex")
      const said = {
        "ticklake.rule": "consecutive",
        "ticklake.gaps": "2",
        "ticklake.finished_by": "recorder",
        "ticklake.home_server": "tokyo-1"
      }
      assert.deepInclude(one, {
        ...said,
        "ticklake.rows": "25",
        "ticklake.first_id": trade(0).sequenceId,
        "ticklake.last_id": trade(24).sequenceId,
        "ticklake.first_received": String(trade(0).timestampCollector),
        "ticklake.last_received": String(trade(24).timestampCollector),
        "ticklake.duplicates_dropped": "25",
        "ticklake.first_gap": "trade-1-1",
        "ticklake.last_gap": "trade-1-2",
        "ticklake.previous_file": "",
        "ticklake.previous_sha256": ""
      })
      assert.deepInclude(two, {
        ...said,
        "ticklake.rows": "4",
        "ticklake.first_id": trade(25).sequenceId,
        "ticklake.duplicates_dropped": "4",
        "ticklake.first_gap": "trade-1-3",
        "ticklake.last_gap": "trade-1-5",
        "ticklake.previous_file": first,
        "ticklake.previous_sha256": sha256
      })
      assert.deepInclude(three, { "ticklake.first_gap": "", "ticklake.last_gap": "" })
      const { previousFile } = yield* known(storage.dataDir, feed)
      assert.deepStrictEqual(previousFile, {
        path: third,
        sha256: createHash("sha256").update(contents[2]!).digest("hex")
      })
    }))

  it.effect("that could not get its name at first says what holds when it gets it", () =>
    Effect.gen(function*() {
      const faults = faultyFileSystem.make()
      const storage = yield* harness({ sinks: { retryEvery: 0 }, fileSystem: faultyFileSystem.layer(faults) })
      const fs = yield* FileSystem.FileSystem
      const scope = yield* Scope.make()
      const sink = yield* Scope.provide(storage.sinks.open(feed), scope)
      yield* sink.append([trade(0)])
      faults.failing.add("rename")
      // Midnight: the file of the day before is complete.
      const tomorrow = trade(1, { timestampCollector: tenOClock + 86_400_000_000 })
      storage.stats(feed).newestGap = "trade-1-1"
      yield* sink.append([tomorrow])
      assert.isAbove(storage.stats(feed).writeErrors, 0)
      storage.stats(feed).sequence.gaps += 5
      storage.stats(feed).newestGap = "trade-1-3"
      faults.failing.clear()
      yield* sink.append([{ ...tomorrow, sequenceId: "2" }])
      yield* Scope.close(scope, Exit.void)
      const content = Buffer.from(yield* fs.readFile(storage.absolute(yield* storage.nextSealed)))
      const after = Buffer.from(yield* fs.readFile(storage.absolute(yield* storage.nextSealed)))
      assert.deepInclude(yield* Effect.promise(() => parquetMetadata(content)), {
        "ticklake.gaps": "5",
        "ticklake.first_gap": "trade-1-1",
        "ticklake.last_gap": "trade-1-3",
        "ticklake.rows": "1"
      })
      assert.deepInclude(yield* Effect.promise(() => parquetMetadata(after)), {
        "ticklake.gaps": "0",
        // What was found while it waited for the one before it.
        "ticklake.first_gap": "trade-1-2",
        "ticklake.last_gap": "trade-1-3",
        "ticklake.previous_sha256": createHash("sha256").update(content).digest("hex")
      })
    }))

  it.effect("is not taken for another by a restart that finds one under its name among the open ones", () =>
    Effect.gen(function*() {
      const storage = yield* harness({ sinks: { rowGroupRows: 1 } })
      yield* Effect.scoped(Effect.flatMap(storage.sinks.open(feed), (sink) => sink.append([trade(0)])))
      yield* Effect.forEach(yield* storage.openFiles, (name) => Effect.die(name))
      const sink = yield* storage.sinks.open(feed)
      // Its checkpoints go with a commit of the journal, and the name would be free again.
      const fs = yield* FileSystem.FileSystem
      yield* fs.remove(storage.absolute(`.open/binance.btcusdt.trade.${tenOClock / 1000}.parquet.groups`), {
        force: true
      })
      yield* sink.append([trade(0, { sequenceId: "7" })])
      assert.deepStrictEqual(yield* storage.openFiles, [`binance.btcusdt.trade.${tenOClock / 1000 + 1}.parquet`])
    }))
})

layer(NodeServices.layer)("rows that are lost are told", (it) => {
  const open = Effect.fnUntraced(function*() {
    const faults = faultyFileSystem.make()
    const storage = yield* harness({
      sinks: { rowGroupRows: 10, rowGroupBytes: 4000, retryEvery: 0 },
      fileSystem: faultyFileSystem.layer(faults)
    })
    const told: Array<Omit<LostRows, "events">> = []
    const sink = yield* storage.sinks.open(feed, { onLost: (rows) => told.push(withoutEvents(rows)) })
    return { faults, sink, storage, told }
  })
  const withoutEvents = ({ firstId, firstReceivedMicros, lastId, lastReceivedMicros, rows }: LostRows) => ({
    rows,
    firstId,
    lastId,
    firstReceivedMicros,
    lastReceivedMicros
  })
  const lost = (first: number, last: number): Omit<LostRows, "events"> => ({
    rows: last - first + 1,
    firstId: trade(first).sequenceId,
    lastId: trade(last).sequenceId,
    firstReceivedMicros: trade(first).timestampCollector,
    lastReceivedMicros: trade(last).timestampCollector
  })

  it.effect("where a disk is full and there is no room for more in memory", () =>
    Effect.gen(function*() {
      const { faults, sink, storage, told } = yield* open()
      faults.roomBytes = 0
      yield* sink.append(trades(10))
      assert.deepStrictEqual(told, [])
      yield* sink.append(trades(100, 10))
      const { rowsLost } = storage.stats(feed)
      assert.isAbove(rowsLost, 0)
      assert.deepStrictEqual(told, [lost(110 - rowsLost, 109)])
      faults.roomBytes = Infinity
    }))

  it.effect("where somebody removed the open file, and no journal has them", () =>
    Effect.gen(function*() {
      const { sink, storage, told } = yield* open()
      const fs = yield* FileSystem.FileSystem
      yield* sink.append(trades(25))
      const [name = ""] = yield* storage.openFiles
      yield* fs.remove(storage.absolute(`.open/${name}`))
      yield* sink.append(trades(10, 25))
      // The row group that found the file gone went with it.
      assert.strictEqual(storage.stats(feed).rowsLost, told[0]?.rows)
      assert.deepStrictEqual(told, [lost(0, told[0]!.rows - 1)])
      assert.isAtLeast(told[0]!.rows, 20)
    }))

  it.effect("where a bug of what brings them keeps them out", () =>
    Effect.gen(function*() {
      const { sink, told } = yield* open()
      const broken: Row = Object.assign({ ...trade(3) }, { data: undefined })
      const exit = yield* Effect.exit(sink.append([...trades(3), broken, trade(4)]))
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(told, [{ ...lost(3, 4), rows: 2 }])
    }))
})
