import { Effect, type FileSystem, type Path, type PlatformError } from "effect"

/** Waits until the disk knows which names a folder holds, or has every byte of a file. */
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

/**
 * As `ensure`, for folders that another process may have created and not synced before it was killed: every folder between
 * `root` and `folder` is made known to the disk, but for those in `known`, to which it adds them.
 */
export const ensureBelow = (
  fs: FileSystem.FileSystem,
  path: Path.Path,
  root: string,
  folder: string,
  known: Set<string>
): Effect.Effect<void, PlatformError.PlatformError> =>
  Effect.gen(function*() {
    if (known.has(folder)) return
    const parent = path.dirname(folder)
    if (folder !== root && parent !== folder) yield* ensureBelow(fs, path, root, parent, known)
    if (!(yield* fs.exists(folder))) {
      yield* fs.makeDirectory(folder).pipe(Effect.catchReason("PlatformError", "AlreadyExists", () => Effect.void))
    }
    if (folder !== root) yield* sync(fs, parent)
    known.add(folder)
  })
