import { Effect, type FileSystem, type Path, type PlatformError } from "effect"

/** Waits until the disk knows which names `folder` holds. */
export const sync = (fs: FileSystem.FileSystem, folder: string): Effect.Effect<void, PlatformError.PlatformError> =>
  Effect.scoped(Effect.flatMap(fs.open(folder, { flag: "r" }), (file) => file.sync))

/** Creates `folder` and what is missing above it; each new folder is known to the disk before it is used. */
export const ensure = (
  fs: FileSystem.FileSystem,
  path: Path.Path,
  folder: string
): Effect.Effect<void, PlatformError.PlatformError> =>
  Effect.gen(function*() {
    if (yield* fs.exists(folder)) return
    const parent = path.dirname(folder)
    if (parent !== folder) yield* ensure(fs, path, parent)
    yield* fs.makeDirectory(folder).pipe(Effect.catchReason("PlatformError", "AlreadyExists", () => Effect.void))
    yield* sync(fs, parent)
  })
