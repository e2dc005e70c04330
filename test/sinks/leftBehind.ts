import { assert } from "@effect/vitest"
import { Effect, Exit, FileSystem, Layer, Logger, Path, Scope } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import * as checkpointRecord from "../../src/sinks/checkpointRecord.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import { magic } from "../../src/sinks/JournalSegment.ts"
import * as recordFrame from "../../src/sinks/recordFrame.ts"
import { PageBytes } from "../../src/sinks/PageBytes.ts"
import * as Recovery from "../../src/sinks/Recovery.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { appendRows } from "./appendRows.ts"
import { tenOClock, trade, trades } from "./events.ts"
import { parquetMetadata, parquetRows } from "./readers.ts"
import { SimulatedDisk } from "./simulatedFileSystem.ts"

export const dataDir = "/data"
export const feed = Feed.make("binance", "BTC-USDT", "trade")
export const options = { dataDir, rowGroupRows: 6, writeBeside: false } as const
export const open = `/data/.open/binance.btcusdt.trade.${tenOClock / 1000}.parquet`
export const segment = "/data/.journal/000000000001.journal"

/** A disk after a recorder was killed that had 18 of 20 rows in row groups, and all of them in the journal. */
export const leftBehind = Effect.gen(function*() {
  const disk = new SimulatedDisk()
  const scope = yield* Scope.make()
  const base = Layer.mergeAll(Layer.fresh(disk.layer), Path.layer, Layer.fresh(Telemetry.layer))
  const storage = ParquetSinks.layer(options).pipe(
    Layer.provideMerge(Journal.layer({ dataDir, commitEvery: "1 day" })),
    Layer.provide(Layer.effectDiscard(Recovery.recover(options))),
    Layer.provide(base)
  )
  const context = yield* Layer.buildWithScope(storage, scope)
  const { journal, sinks } = yield* Effect.all({ journal: Journal, sinks: Sinks }).pipe(Effect.provideContext(context))
  const sink = yield* Scope.provide(sinks.open(feed), scope)
  const { commit } = journal.open(feed)
  for (const at of [0, 5, 10, 15]) {
    // Before the row group is written, so that the journal has every row.
    assert.isTrue(sink.appendNow(trades(5, at)))
    yield* commit
    yield* sink.append([])
  }
  disk.off = true
  yield* Effect.exit(Scope.close(scope, Exit.void))
  disk.kill()
  return disk
})

/** Recovers, and answers the ids in sealed files, what was set aside, and the counters. */
export const recover = Effect.fnUntraced(function*(disk: SimulatedDisk, fileSystem = disk.fileSystem) {
  const lines: Array<string> = []
  const logger = Logger.layer([
    Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
  ])
  const context = yield* Layer.build(
    Layer.mergeAll(Layer.succeed(FileSystem.FileSystem, fileSystem), Path.layer, Layer.fresh(Telemetry.layer))
  )
  yield* Recovery.recover(options).pipe(Effect.provideContext(context), Effect.provide(logger))
  const files = [...disk.files(dataDir)]
  const ids: Array<number> = []
  const damage: Array<string> = []
  for (const [path, content] of files.filter(([path]) => path.startsWith("binance/"))) {
    assert.match(path, /^binance\/btcusdt\/trade\/2026-03-14\/\d+\.parquet$/)
    const { "ticklake.damage": told } = yield* Effect.promise(() => parquetMetadata(content))
    if (told !== undefined) damage.push(told)
    for (const row of yield* Effect.promise(() => parquetRows(content))) {
      ids.push(Number(row.exchange_sequence_id) - 1e6)
    }
  }
  assert.deepStrictEqual(files.filter(([path]) => /^\.(?:open|journal)\//.test(path)).map(([path]) => path), [])
  const { storage } = yield* Effect.provideContext(Telemetry, context)
  const quarantine = files.filter(([path]) => path.startsWith("quarantine/"))
  return {
    ids: ids.toSorted((a, b) => a - b),
    damage,
    stats: storage,
    lines,
    setAside: quarantine.map(([path]) => path.slice("quarantine/".length)).filter((path) =>
      !path.endsWith(".reason.txt")
    ),
    reasons: quarantine.filter(([path]) => path.endsWith(".reason.txt")).map(([, content]) => content.toString())
  }
})

export const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

export const flip = (disk: SimulatedDisk, path: string, at: number, bits = 1) => {
  const content = Buffer.from(disk.files(dataDir).get(path.slice("/data/".length))!)
  const index = at < 0 ? content.length + at : at
  content[index] = (content[index] ?? 0) ^ bits
  disk.put(path, content)
}
export const cut = (disk: SimulatedDisk, path: string, bytes: number) =>
  disk.put(path, disk.files(dataDir).get(path.slice("/data/".length))!.subarray(0, -bytes))

/** Leaves the first records of the checkpoints: what the file is, and then its row groups. */
export const keepCheckpoints = (disk: SimulatedDisk, count: number) => {
  const path = `${open}.groups`
  const content = disk.files(dataDir).get(path.slice("/data/".length))!
  const next = recordFrame.scan(content, checkpointRecord.magic.length).frames[count]
  disk.put(path, content.subarray(0, next?.at))
}

/** A segment with these rows of the feed, by their ids, each numbered as it came. */
export const journalOf = (...ids: ReadonlyArray<number>) => {
  const bytes = new PageBytes(1024)
  for (const id of ids) appendRows(bytes, 1, feed, id + 1, [trade(id)])
  return Buffer.concat([magic, bytes.written])
}
