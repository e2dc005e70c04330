import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import * as Recovery from "../../src/sinks/Recovery.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { tenOClock, trade } from "./events.ts"
import { harness } from "./harness.ts"
import { parquetMetadata } from "./readers.ts"

const feed = Feed.make("binance", "BTC-USDT", "trade")
const tenth = tenOClock / 1000

/** Trades of one page, or one frame: all of them received at the same moment. */
const received = (count: number) =>
  Array.from({ length: count }, (_, at) => trade(at, { timestampCollector: tenOClock }))

/** Storage whose sealed files are stored and gone at once; `stored` has the path of each, and of the file that it names before it. */
const storage = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const stored: Array<{ readonly path: string; readonly previous: string }> = []
  const folder = { dataDir: "" }
  const onSealed = (path: string) =>
    Effect.gen(function*() {
      const content = Buffer.from(yield* fs.readFile(`${folder.dataDir}/${path}`))
      const { "ticklake.previous_file": previous = "?" } = yield* Effect.promise(() => parquetMetadata(content))
      stored.push({ path, previous })
      yield* fs.remove(`${folder.dataDir}/${path}`)
    }).pipe(Effect.orDie)
  const sinks = { rowGroupRows: 1, maxFileBytes: 700, retryEvery: 0, onSealed } as const
  const { dataDir, openFiles, sinks: { open } } = yield* harness({ sinks })
  folder.dataDir = dataDir
  const recover = Effect.scoped(
    Layer.build(Layer.fresh(Telemetry.layer)).pipe(
      Effect.flatMap((context) => Effect.provideContext(Recovery.recover({ dataDir, ...sinks }), context))
    )
  )
  return { dataDir, open, openFiles, recover, stored }
})

const name = (millis: number) => `binance/btcusdt/trade/2026-03-14/${millis}.parquet`

layer(NodeServices.layer)("the name of a sealed file", (it) => {
  it.effect("is no other file's, also where that has been stored and is gone", () =>
    Effect.gen(function*() {
      const { open, stored } = yield* storage
      for (const row of received(4)) {
        yield* Effect.scoped(Effect.flatMap(open(feed), (sink) => sink.append([row])))
      }
      assert.deepStrictEqual(stored, [
        { path: name(tenth), previous: "" },
        { path: name(tenth + 1), previous: name(tenth) },
        { path: name(tenth + 2), previous: name(tenth + 1) },
        { path: name(tenth + 3), previous: name(tenth + 2) }
      ])
    }))

  it.effect("stays free for a file that was left for the next start, however many are sealed and stored meanwhile", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { dataDir, open, openFiles, recover, stored } = yield* storage
      const [first, ...rest] = received(4)
      yield* Effect.scoped(Effect.gen(function*() {
        const sink = yield* open(feed)
        yield* sink.append([first!])
        const [left = ""] = yield* openFiles
        const checkpoints = `${dataDir}/.open/${left}.groups`
        const bytes = yield* fs.readFile(checkpoints)
        bytes[bytes.length - 30]! ^= 1
        yield* fs.writeFile(checkpoints, bytes, { flag: "r+" })
        for (const row of rest) yield* sink.append([row])
        for (let later = 0; later < 250; later++) yield* sink.append([trade(1000 + later)])
      }))
      yield* recover
      const paths = stored.map(({ path }) => path)
      assert.strictEqual(new Set(paths).size, paths.length)
      assert.include(paths, name(tenth))
      for (const [at, { previous }] of stored.entries()) assert.strictEqual(previous, paths[at - 1] ?? "")
    }))

  it.effect("is reached also when somebody has removed the folders above it, of that day or another", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { dataDir, open, stored } = yield* storage
      const day = 86_400_000_000
      for (const [at, days] of [0, 0, 1, 2, 2].entries()) {
        yield* fs.remove(`${dataDir}/binance`, { recursive: true, force: true })
        const row = trade(at, { timestampCollector: tenOClock + days * day })
        yield* Effect.scoped(Effect.gen(function*() {
          const sink = yield* open(feed)
          yield* sink.append([row])
          // With the next row, what failed is tried again.
          yield* sink.append([trade(at + 10, { timestampCollector: tenOClock + days * day })])
        }))
      }
      assert.lengthOf(stored, 5)
    }))
})
