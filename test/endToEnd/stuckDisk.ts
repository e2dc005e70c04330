import { Effect, FileSystem, Layer } from "effect"

/** A disk on which, from a moment on, no write to a Parquet file is ever answered. */
export const makeStuckDisk = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const state = { stuck: false }
  const stuckable = FileSystem.FileSystem.of({
    ...fs,
    open: (path, options) =>
      Effect.map(fs.open(path, options), (file) =>
        path.endsWith(".parquet")
          ? { ...file, writeAll: (bytes) => state.stuck ? Effect.never : file.writeAll(bytes) }
          : file)
  })
  return { state, layer: Layer.succeed(FileSystem.FileSystem, stuckable) }
})
