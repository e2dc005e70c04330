import { Effect, Equal, FileSystem, Layer, Option, Path, type PlatformError, Random, Semaphore } from "effect"
import * as durableFolder from "../runtime/durableFolder.ts"
import { errorText } from "../runtime/errorText.ts"
import { digest } from "./fileDigest.ts"
import { ObjectStore, type Stored, StoreError } from "./ObjectStore.ts"

/** Where the archive is. */
export interface Options {
  readonly folder: string
}

const make = Effect.fnUntraced(function*(options: Options) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const root = path.resolve(options.folder)
  // Two copies at a time are no faster on one disk, and each removes what an earlier one of its key has left.
  const oneAtATime = yield* Semaphore.make(1)
  /** Folders that the disk knows. */
  const known = new Set<string>()
  // Another recorder may store into the same archive, and have a file of the same name.
  const ownPart = `.${process.pid}-${(yield* Random.nextIntBetween(0, 2 ** 31)).toString(16)}.part`

  /**
   * Gives the file itself a second name, which is only possible within one file system; answers whether it has it. A link to a file
   * would itself be what the archive has.
   */
  const link = (from: string, to: string) =>
    fs.readLink(from).pipe(
      Effect.as(false),
      Effect.catch(() => Effect.as(fs.link(from, to), true)),
      Effect.orElseSucceed(() => false)
    )

  /** Removes copies of `name` that were not finished; that of another recorder, which is under way, it tries again. */
  const removeParts = Effect.fnUntraced(function*(folder: string, name: string) {
    for (const each of yield* fs.readDirectory(folder)) {
      if (each.startsWith(`.${name}.`) && each.endsWith(".part")) yield* fs.remove(path.join(folder, each))
    }
  })

  /** Copies to a name beside the target and answers what was read; the copy is on disk, and left to the caller. */
  const copy = Effect.fnUntraced(function*(from: string, to: string) {
    return yield* Effect.scoped(Effect.gen(function*() {
      const file = yield* fs.open(to, { flag: "wx" })
      const read = yield* digest(fs, from, (chunk) => file.writeAll(chunk))
      yield* file.sync
      return read
    })).pipe(
      // On a full disk half a copy would keep the space that the next attempt needs.
      Effect.onError(() => Effect.ignore(fs.remove(to)))
    )
  })

  /** Gives the finished copy its final name unless that is taken; answers whether it was free. */
  const claim = (temporary: string, target: string) =>
    fs.link(temporary, target).pipe(
      Effect.andThen(fs.remove(temporary)),
      Effect.as(true),
      Effect.catch((error) => {
        if (error.reason._tag === "AlreadyExists") return Effect.as(fs.remove(temporary), false)
        // The file system knows no links, so only this process keeps itself from replacing a file.
        return Effect.flatMap(fs.exists(target), (taken) =>
          taken ? Effect.as(fs.remove(temporary), false) : Effect.as(fs.rename(temporary, target), true))
      })
    )

  /** True when the two paths lead to one name of one file, so that removing the first would remove the second. */
  const sameName = Effect.fnUntraced(function*(localPath: string, target: string) {
    if ((yield* fs.realPath(localPath)) === (yield* fs.realPath(target))) return true
    const local = yield* fs.stat(localPath)
    const there = yield* fs.stat(target)
    const sameFile = local.dev === there.dev && Option.isSome(local.ino) && Equal.equals(local.ino, there.ino)
    // One file with one name, seen at two places: a bind mount. With two names, an earlier attempt has linked it.
    return sameFile && Option.getOrElse(local.nlink, () => 1n) < 2n
  })

  const compare = Effect.fnUntraced(function*(key: string, localPath: string, target: string) {
    if (yield* sameName(localPath, target)) {
      const explanation = `the archive ${root} (local_path) is the data folder itself; give it a folder of its own`
      return yield* new StoreError({ key, reason: "Unusable", explanation })
    }
    const local = yield* digest(fs, localPath)
    const there = yield* digest(fs, target)
    if (local.bytes !== there.bytes || local.sha256 !== there.sha256) return yield* conflict(key, target)
    return there
  })

  const store = Effect.fnUntraced(function*(key: string, localPath: string, target: string) {
    const folder = path.dirname(target)
    yield* durableFolder.ensure(fs, path, path.dirname(root))
    // Also those that are there: an earlier attempt may have ended before the disk knew of them.
    yield* durableFolder.ensureBelow(fs, path, path.dirname(root), folder, known)
    if (yield* fs.exists(target)) {
      const stored = yield* compare(key, localPath, target)
      // Whoever put it there may not have waited for the disk.
      yield* durableFolder.sync(fs, target)
      yield* durableFolder.sync(fs, folder)
      return stored
    }
    if (yield* link(localPath, target)) {
      // Two names of one file: nothing to compare, but it must be readable and its new name on disk.
      const stored = yield* digest(fs, target)
      yield* durableFolder.sync(fs, folder)
      return stored
    }
    yield* removeParts(folder, path.basename(target))
    const temporary = path.join(folder, `.${path.basename(target)}${ownPart}`)
    const read = yield* copy(localPath, temporary)
    const written = yield* digest(fs, temporary)
    if (written.bytes !== read.bytes || written.sha256 !== read.sha256) {
      yield* fs.remove(temporary)
      return yield* new StoreError({
        key,
        reason: "Unproven",
        explanation: `the copy below ${root} reads back different from what was written; check that disk`
      })
    }
    if (!(yield* claim(temporary, target))) return yield* compare(key, localPath, target)
    yield* durableFolder.sync(fs, folder)
    return written
  })

  const put = Effect.fn("ArchiveStore.put")(
    function*(key: string, localPath: string) {
      const target = path.resolve(root, key)
      if (!target.startsWith(root + path.sep)) {
        return yield* new StoreError({ key, reason: "Unusable", explanation: `it would be outside of ${root}` })
      }
      return yield* store(key, localPath, target)
    },
    Effect.tapError(() => Effect.sync(() => known.clear())),
    oneAtATime.withPermit
  )

  return ObjectStore.of({
    put: (key, localPath): Effect.Effect<Stored, StoreError> =>
      put(key, localPath).pipe(Effect.catchTag("PlatformError", (error) => Effect.fail(storeError(key, root, error))))
  })
})

/** Keeps files in a folder, under their keys: linked, or copied beside, synced, read back and renamed if the name is free. */
export const layer = (options: Options): Layer.Layer<ObjectStore, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(ObjectStore, make(options))

const storeError = (key: string, root: string, error: PlatformError.PlatformError): StoreError => {
  if (error.reason._tag === "PermissionDenied") {
    // Rights are mended by people, and while the process runs: so it is tried again.
    return new StoreError({
      key,
      reason: "Unavailable",
      explanation: `no right to write below ${root} (local_path)`,
      cause: error
    })
  }
  return new StoreError({
    key,
    reason: "Unavailable",
    explanation: `${errorText(error)} (local_path is ${root})`,
    cause: error
  })
}

const conflict = (key: string, target: string) =>
  new StoreError({
    key,
    reason: "Conflict",
    explanation: `${target} exists with other content and is not overwritten`
  })
