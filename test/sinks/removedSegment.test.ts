import { assert, it } from "@effect/vitest"
import { Effect, Exit, Layer, Path, Scope } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import * as Recovery from "../../src/sinks/Recovery.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { chanceOf } from "./crashModel.ts"
import { trades } from "./events.ts"
import { parquetRows } from "./readers.ts"
import { SimulatedDisk } from "./simulatedFileSystem.ts"

const dataDir = "/data"
const feed = Feed.make("binance", "BTC-USDT", "trade")
const options = { dataDir, rowGroupRows: 6, maxFileBytes: 3000, writeBeside: false } as const
const rows = 40

const recover = (disk: SimulatedDisk) =>
  Effect.scoped(
    Effect.flatMap(
      Layer.build(Layer.mergeAll(Layer.fresh(disk.layer), Path.layer, Layer.fresh(Telemetry.layer))),
      (context) => Effect.provideContext(Recovery.recover(options), context)
    )
  )

const segments = (disk: SimulatedDisk) =>
  [...disk.files(dataDir).keys()].filter((path) => path.endsWith(".journal")).toSorted()

/** A recorder that is killed the moment that it has removed a segment before the last. */
const killedAtRemoval = Effect.gen(function*() {
  const disk = new SimulatedDisk()
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    ParquetSinks.layer(options).pipe(
      Layer.provideMerge(Journal.layer({ dataDir, segmentBytes: 700, commitEvery: "1 day" })),
      Layer.provide(Layer.effectDiscard(Recovery.recover(options))),
      Layer.provide(Layer.mergeAll(Layer.fresh(disk.layer), Path.layer, Layer.fresh(Telemetry.layer)))
    ),
    scope
  )
  const { journal, sinks } = yield* Effect.all({ journal: Journal, sinks: Sinks }).pipe(Effect.provideContext(context))
  const { commit } = journal.open(feed)
  disk.failAfter = (path) => path.endsWith(".journal") && segments(disk).length > 0
  const exit = yield* Effect.exit(Effect.gen(function*() {
    const sink = yield* Scope.provide(sinks.open(feed), scope)
    for (let at = 0; at < rows; at += 4) {
      yield* sink.append(trades(4, at))
      yield* commit
    }
    yield* Scope.close(scope, Exit.void)
  }))
  assert.isTrue(Exit.isFailure(exit))
  disk.kill()
  return disk
})

it.effect("a segment that a killed recorder removed does not come back when the power fails in recovery", () =>
  Effect.gen(function*() {
    for (let seed = 1; seed <= 60; seed++) {
      const disk = yield* killedAtRemoval
      disk.failAfter = (path) => path.endsWith(".journal") && segments(disk).length === 0
      assert.isTrue(Exit.isFailure(yield* Effect.exit(recover(disk))))
      disk.crash(chanceOf(seed))
      yield* recover(disk)
      const ids: Array<string> = []
      for (const [path, content] of disk.files(dataDir)) {
        if (path.startsWith(".state/")) continue
        assert.isTrue(path.startsWith("binance/"), path)
        for (const row of yield* Effect.promise(() => parquetRows(content))) ids.push(String(row.exchange_sequence_id))
      }
      assert.deepStrictEqual(ids.toSorted(), trades(ids.length).map(({ sequenceId }) => sequenceId), `seed ${seed}`)
    }
  }))
