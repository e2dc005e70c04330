import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Layer, Path, Queue } from "effect"
import { Journal } from "../../src/sinks/Journal.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import type { Options as SinkOptions } from "../../src/sinks/sinkSettings.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { duckdbRows } from "./readers.ts"

/** A recorder's storage in a folder of its own, with the real file system unless another is given. */
export const harness = Effect.fnUntraced(function*(options: {
  readonly sinks?: Partial<SinkOptions>
  readonly fileSystem?: Layer.Layer<FileSystem.FileSystem>
} = {}) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
  const sealed = yield* Queue.unbounded<string>()
  const context = yield* Layer.build(
    ParquetSinks.layer({
      dataDir,
      checkEvery: "1 minute",
      writeBeside: false,
      onSealed: (file) => Effect.asVoid(Queue.offer(sealed, file)),
      ...options.sinks
    }).pipe(
      Layer.provide(Journal.layerNone),
      Layer.provideMerge(Telemetry.layer),
      Layer.provide(Layer.fresh(options.fileSystem ?? Layer.empty)),
      Layer.provide(NodeServices.layer)
    )
  )
  const telemetry = yield* Effect.provide(Telemetry, context)
  const files = (folder: string) =>
    fs.readDirectory(path.join(dataDir, folder), { recursive: true }).pipe(
      Effect.map((names) => names.filter((name) => name.endsWith(".parquet")).toSorted())
    )
  return {
    dataDir,
    /** Each path as it is sealed. */
    nextSealed: Queue.take(sealed),
    sinks: yield* Effect.provide(Sinks, context),
    stats: telemetry.stats,
    disk: telemetry.storage.disk,
    openFiles: files(".open"),
    sealedFiles: Effect.map(files("."), (names) => names.filter((name) => !name.startsWith("."))),
    absolute: (relativePath: string) => path.join(dataDir, relativePath),
    rows: (relativePath: string) => Effect.promise(() => duckdbRows(path.join(dataDir, relativePath)))
  }
})
