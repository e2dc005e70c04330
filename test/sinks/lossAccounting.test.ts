import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, FileSystem, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Feed from "../../src/domain/Feed.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import * as Recovery from "../../src/sinks/Recovery.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { chanceOf } from "./crashModel.ts"
import { trades } from "./events.ts"
import * as faultyFileSystem from "./faultyFileSystem.ts"
import { hyparquetMetadata, hyparquetRows } from "./readers.ts"

const feeds = [Feed.make("binance", "BTC-USDT", "trade"), Feed.make("okx", "ETH-USDT", "trade")]
const sizes = { rowGroupRows: 100, rowGroupBytes: 16 * 1024, maxFileBytes: 20_000, writeBeside: false } as const

/** Storage with a journal on a disk that fails on demand, and what it logs. */
const recorder = Effect.fnUntraced(function*(onSealed: (path: string) => Effect.Effect<void> = () => Effect.void) {
  const fs = yield* FileSystem.FileSystem
  const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
  const faults = faultyFileSystem.make()
  const lines: Array<string> = []
  const logger = Logger.layer([
    Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
  ])
  const base = Layer.mergeAll(NodeServices.layer, Layer.fresh(faultyFileSystem.layer(faults)))
  const options = { dataDir, ...sizes, retryEvery: 0, onSealed }
  const recover = Effect.scoped(
    Layer.build(Layer.provideMerge(Layer.fresh(Telemetry.layer), base)).pipe(
      Effect.flatMap((context) => Effect.provideContext(Recovery.recover(options), context)),
      Effect.provide(logger)
    )
  )
  const start = Effect.gen(function*() {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(
      ParquetSinks.layer(options).pipe(
        Layer.provideMerge(Journal.layer({ dataDir, commitEvery: "1 day", segmentBytes: 20_000 })),
        Layer.provideMerge(Layer.fresh(Telemetry.layer)),
        Layer.provide(base)
      ),
      scope
    )
    const { journal, sinks, telemetry } = yield* Effect.all({ journal: Journal, sinks: Sinks, telemetry: Telemetry })
      .pipe(Effect.provideContext(context))
    const sinkScope = yield* Scope.make()
    const lanes = yield* Effect.forEach(
      feeds,
      (feed) =>
        Effect.map(Scope.provide(sinks.open(feed), sinkScope), (sink) => ({
          feed,
          sink,
          given: 0,
          rowsWritten: () => telemetry.stats(feed).rowsWritten
        }))
    )
    const { commit } = journal.open(feeds[0]!)
    return {
      lanes,
      commit: Effect.provide(commit, logger),
      storage: telemetry.storage,
      give: (lane: (typeof lanes)[number], count: number) =>
        Effect.suspend(() => {
          lane.given += count
          return lane.sink.append(trades(count, lane.given - count))
        }).pipe(Effect.provide(logger)),
      lost: () => telemetry.all().reduce((sum, { rowsLost }) => sum + rowsLost, 0),
      stop: Scope.close(sinkScope, Exit.void).pipe(
        Effect.andThen(Scope.close(scope, Exit.void)),
        Effect.provide(logger)
      )
    }
  })
  const sealedFiles = Effect.map(
    fs.readDirectory(dataDir, { recursive: true }),
    (names) => names.filter((name) => name.endsWith(".parquet") && !/^(?:\.|quarantine)/.test(name))
  )
  const stored = Effect.gen(function*() {
    const files = yield* sealedFiles
    const rows = yield* Effect.promise(() => Promise.all(files.map((name) => hyparquetRows(`${dataDir}/${name}`))))
    return rows.flat()
  })
  /** What the sealed files say that the disk did not give back. */
  const damageTold = Effect.gen(function*() {
    const told: Array<string | undefined> = []
    for (const name of yield* sealedFiles) {
      const { key_value_metadata } = yield* Effect.promise(() => hyparquetMetadata(`${dataDir}/${name}`))
      told.push(key_value_metadata?.find(({ key }) => key === "ticklake.damage")?.value)
    }
    return told
  })
  return { damageTold, dataDir, faults, lines, recover, start, stored }
})

layer(NodeServices.layer)("what is counted as lost", (it) => {
  it.effect("while it runs, damaged checkpoints cost their file its seal until the next start, and the feed nothing", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      for (const damage of ["flip", "cut", "swap"] as const) {
        const { damageTold, dataDir, lines, recover, start, stored } = yield* recorder()
        const { commit, give, lanes, lost, stop } = yield* start
        for (const lane of lanes) yield* give(lane, 250)
        yield* commit
        const names = (yield* fs.readDirectory(`${dataDir}/.open`)).filter((name) => name.endsWith(".groups"))
          .toSorted()
        const [path = "", other = ""] = names.map((name) => `${dataDir}/.open/${name}`)
        const bytes = yield* fs.readFile(path)
        const last = bytes.length - 30
        bytes[last] = bytes[last]! ^ 1
        const damaged = {
          flip: bytes,
          cut: bytes.subarray(0, last),
          swap: yield* fs.readFile(other)
        }[damage]
        // The same file: whoever has it open sees what has become of it.
        yield* fs.truncate(path, 0)
        yield* fs.writeFile(path, damaged, { flag: "r+" })
        // Enough to complete the file, and more.
        for (let round = 0; round < 30; round++) for (const lane of lanes) yield* give(lane, 100)
        assert.strictEqual(lines.filter((line) => line.includes("recording goes on in a new file")).length, 1, damage)
        assert.strictEqual(lines.filter((line) => line.includes("is left with")).length, 1)
        yield* stop
        assert.strictEqual(lost(), 0)
        yield* recover
        const found = yield* stored
        const ids = found.map((row) => `${String(row.exchange)} ${String(row.trade_id)}`)
        assert.strictEqual(new Set(ids).size, ids.length)
        // What was in a damaged row group is in the copy that was set aside, unless the journal had it.
        const given = lanes.reduce((sum, lane) => sum + lane.given, 0)
        assert.isAtLeast(ids.length, given - (damage === "swap" ? 800 : 200))
        // The file that came next says that one is lost before it, and what is left of that one that rows are.
        const said = yield* damageTold
        assert.include(said, "file_before", damage)
        assert.include(said, "row_groups", damage)
      }
    }))

  it.effect("at a stop on a full disk is what the next start does not find, to the row", () =>
    Effect.gen(function*() {
      let lost = 0
      let recovered = 0
      for (let seed = 1; seed <= 10; seed++) {
        const chance = chanceOf(seed)
        const pick = (limit: number) => Math.floor(chance() * limit)
        const { faults, recover, start, stored } = yield* recorder()
        const { commit, give, lanes, lost: counted, stop } = yield* start
        for (let step = 0; step < 30; step++) {
          if (step === 15) faults.roomBytes = pick(12_000)
          yield* give(lanes[pick(2)]!, 1 + pick(40))
          if (chance() < 0.4) yield* commit
        }
        yield* stop
        const before = (yield* stored).length
        faults.roomBytes = Infinity
        yield* recover
        const found = (yield* stored).length
        assert.strictEqual(counted(), lanes.reduce((sum, { given }) => sum + given, 0) - found, `seed ${seed}`)
        lost += counted()
        recovered += found - before
      }
      assert.isAbove(lost, 200)
      assert.isAbove(recovered, 200)
    }))

  it.effect("at a start on a full disk is nothing: what the journal has waits there", () =>
    Effect.gen(function*() {
      const { faults, lines, recover, start, stored } = yield* recorder()
      const { commit, give, lanes, stop } = yield* start
      // The journal has all of it, the files nothing.
      for (const lane of lanes) yield* give(lane, 90)
      yield* commit
      faults.roomBytes = 0
      yield* stop
      lines.length = 0
      for (const roomBytes of [0, 700, 3000]) {
        faults.roomBytes = roomBytes
        const error = yield* Effect.flip(recover)
        assert.match(error.message, /\d+ rows could not be written, .* they stay in the journal/)
      }
      assert.isAbove(lines.length, 0)
      for (const line of lines) assert.notMatch(line, /lost|memory|next start/)
      faults.roomBytes = Infinity
      yield* recover
      assert.strictEqual((yield* stored).length, 180)
    }))

  it.effect("after somebody removed the data folder is all that was in it", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      let stored = 0
      const folder: { dataDir: string } = { dataDir: "" }
      const built = yield* recorder((path) =>
        // Stored at once, and therefore not lost.
        Effect.promise(() => hyparquetRows(`${folder.dataDir}/${path}`)).pipe(
          Effect.tap(() => Effect.orDie(fs.remove(`${folder.dataDir}/${path}`))),
          Effect.map((rows) => {
            stored += rows.length
          })
        )
      )
      folder.dataDir = built.dataDir
      const { commit, give, lanes, lost, stop } = yield* built.start
      // The first has sealed files by then; both have rows in an open file, in the journal alone, and in neither.
      yield* give(lanes[0]!, 3000)
      for (const lane of lanes) yield* give(lane, 130)
      yield* commit
      yield* give(lanes[1]!, 20)
      yield* fs.remove(built.dataDir, { recursive: true })
      for (const lane of lanes) yield* give(lane, 10)
      yield* stop
      assert.isAbove(stored, 1000)
      assert.strictEqual(lost(), 3000 + 130 + 130 + 20 + 20 - stored)
      assert.isTrue(
        built.lines.some((line) => /^Error .* was removed before it was sealed, with \d+ rows/.test(line))
      )
      assert.isFalse(built.lines.some((line) => line.includes("next start")), built.lines.join("\n"))
    }))

  it.effect("after somebody removed the journal is nothing: what only it had gets into files soon", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      for (const whole of [false, true]) {
        const { dataDir, lines, recover, start, stored } = yield* recorder()
        const { commit, give, lanes, lost, storage } = yield* start
        const folder = `${dataDir}/.journal`
        for (const lane of lanes) yield* give(lane, 30)
        yield* commit
        for (const name of yield* fs.readDirectory(folder)) yield* fs.remove(`${folder}/${name}`)
        if (whole) yield* fs.remove(folder, { recursive: true })
        for (const lane of lanes) yield* give(lane, 5)
        yield* commit
        assert.strictEqual(lines.filter((line) => line.startsWith("Error")).length, 1)
        assert.match(
          lines.join(),
          /could not keep the journal in .* somebody removed 1 segment of it with 60 rows that were in no/
        )
        assert.isAbove(storage.journalErrors, 0)
        assert.strictEqual(storage.rowsNotJournaled, 60)
        assert.isNull(storage.problem)
        assert.strictEqual((yield* fs.readDirectory(folder)).length, 1)
        yield* TestClock.adjust("1 second")
        while (lanes.some(({ rowsWritten }) => rowsWritten() < 35)) {
          yield* Effect.promise(() => new Promise(setImmediate))
        }
        for (const lane of lanes) yield* give(lane, 5)
        yield* commit
        // As after a kill: nobody stops what runs.
        yield* recover
        assert.strictEqual((yield* stored).length, 80)
        assert.strictEqual(lost(), 0)
      }
    }))

  it.effect("after somebody removed open files is what the journal had no more, and recording goes on", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      let lost = 0
      let takenBack = 0
      let found = 0
      for (let seed = 1; seed <= 10; seed++) {
        const chance = chanceOf(seed)
        const pick = (limit: number) => Math.floor(chance() * limit)
        const { dataDir, lines, recover, start, stored } = yield* recorder()
        const { commit, give, lanes, lost: counted, stop } = yield* start
        for (let step = 0; step < 40; step++) {
          const open = (yield* fs.readDirectory(`${dataDir}/.open`)).filter((name) => name.endsWith(".parquet"))
          const removed = open[pick(open.length)]
          if (chance() < 0.15 && removed !== undefined) {
            yield* fs.remove(`${dataDir}/.open/${removed}`)
            // Some take everything that has this name.
            if (chance() < 0.3) yield* fs.remove(`${dataDir}/.open/${removed}.groups`)
          }
          yield* give(lanes[pick(2)]!, 1 + pick(40))
          if (chance() < 0.3) yield* commit
        }
        yield* stop
        assert.deepStrictEqual(yield* fs.readDirectory(`${dataDir}/.open`), [], `seed ${seed}`)
        yield* recover
        const rows = yield* stored
        const given = lanes.reduce((sum, lane) => sum + lane.given, 0)
        assert.strictEqual(rows.length + counted(), given, `seed ${seed}`)
        for (const { feed } of lanes) {
          const ids = rows.filter((row) => row.symbol === feed.symbol).map((row) => row.trade_id)
          assert.strictEqual(new Set(ids).size, ids.length, `seed ${seed}`)
        }
        const told = lines.flatMap((line) => /(\d+) are taken back from the journal, (\d+) are lost/.exec(line) ?? [])
        lost += counted()
        found += rows.length
        takenBack += told.length
      }
      assert.isAbove(lost, 100)
      assert.isAbove(found, 2000)
      assert.isAbove(takenBack, 10)
    }))
})
