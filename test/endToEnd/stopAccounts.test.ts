import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Logger, References } from "effect"
import * as s3StandIn from "../upload/s3StandIn.ts"
import { until } from "../until.ts"
import { environment, type Options, world } from "./harness.ts"
import { makeStuckDisk } from "./stuckDisk.ts"

/** The lines of a stop, as they are logged from information on. */
const collect = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    const text = `${logLevel} ${String(message)}`
    if (/^\w+ stopping /.test(text)) lines.push(text)
  })
  const captured = Layer.mergeAll(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, "Info"))
  return { lines, environment: Layer.provideMerge(captured, environment) }
}

const recorder = (options: Options) => world({ venues: ["okx"], simulator: { rate: 200 }, ...options })

describe("the lines of a stop", () => {
  it.live("name the connections of a venue that answers no close, and what became of the rest", () => {
    const { lines, environment } = collect()
    return Effect.gen(function*() {
      const { feeds, shutDown, simulator } = yield* recorder({ websocketSecs: 0.3 })
      yield* until(() => feeds().every((stats) => stats.events > 50))
      yield* simulator.faults.inject({ kind: "hang-close" })
      yield* shutDown
      assert.match(
        lines[0] ?? "",
        /^Warn stopping feeds gave up after 0\.\d s: 0 of 2 connections closed \(not okx\/btcusdt\/orderbook, okx\/btcusdt\/trade\), 0 events left in queues; going on/
      )
      assert.match(
        lines[1] ?? "",
        /stopping sinks: [23] files sealed \(\d+ rows\), 0 left open, (\d+ rows? lost, )?0 rows left, /
      )
      assert.match(lines.at(-1) ?? "", /^Info stopping uploads: \d files? stored, 0 left, /)
    }).pipe(Effect.provide(environment))
  })

  it.live("say how many files a store that hangs has left, and where they are", () => {
    const { lines, environment } = collect()
    return Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const server = yield* s3StandIn.make()
      server.fail("PutObject", { kind: "treacle" }, Infinity)
      const { config, feeds, shutDown } = yield* recorder({ storage: { mode: "s3", server }, uploadSecs: 0.5 })
      yield* until(() => feeds().every((stats) => stats.events > 50))
      yield* shutDown
      const left = (yield* fs.readDirectory(config.storage.dataDir, { recursive: true })).filter((name) =>
        name.endsWith(".parquet")
      )
      // Two feeds, and the gaps of their symbol.
      assert.strictEqual(left.length, 3)
      assert.match(lines.at(-1) ?? "", /^Warn stopping uploads: 0 files stored, 3 left for the next start in /)
      assert.include(lines.at(-1), config.storage.dataDir)
    }).pipe(Effect.provide(environment))
  })

  it.live("say which rows a stuck disk has left, and that the journal has them", () => {
    const { lines, environment } = collect()
    return Effect.gen(function*() {
      const disk = yield* makeStuckDisk
      const { config, feeds, shutDown, simulator } = yield* recorder({ storageSecs: 0.5 }).pipe(
        Effect.provide(disk.layer)
      )
      yield* until(() => feeds().every((stats) => stats.events > 50))
      yield* simulator.stopTraffic
      yield* simulator.flushed
      const sent = simulator.ledger.entries().length
      // Each of the feeds says that the recorder was stopped.
      const said = feeds().length
      disk.state.stuck = true
      yield* shutDown
      const [, sinks = "", writers = "", journal = "", uploads = ""] = lines
      const rows = new Intl.NumberFormat("en").format(sent + said)
      assert.match(sinks, /^Warn stopping sinks gave up after 0\.\d s: 0 files sealed \(0 rows\), [0123] left open, /)
      assert.include(
        sinks,
        `${rows} rows left; the next start takes them from the open files and the journal in ${config.storage.dataDir}, as far as these have them`
      )
      assert.include(writers, `${rows} rows left in memory`)
      assert.match(journal, /^Warn stopping the journal: 0 segments removed, 1 left with /)
      assert.include(journal, `with ${rows} rows (`)
      assert.include(journal, `in ${config.storage.dataDir}/.journal for the next start`)
      assert.match(uploads, /^Info stopping uploads: 0 files stored, 0 left, /)
    }).pipe(Effect.provide(environment))
  })
})
