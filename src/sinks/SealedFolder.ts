import { Effect, FileSystem, Path, type PlatformError } from "effect"
import * as durableFolder from "../runtime/durableFolder.ts"
import * as fileNames from "./fileNames.ts"

/** Puts finished files under their final names. */
export interface SealedFolder {
  /**
   * Moves `openPath`, whose first row came at `firstMillis`, to its final name: its own, or the next free one a millisecond later.
   * Answers that path relative to the data folder. What stood under a name before is never replaced, and no name is used of which
   * `isGiven` says that a file which may be elsewhere by now has it. `announce` comes right before the move, and is told the path.
   * Nobody else may move a file to `folder` meanwhile.
   */
  readonly adopt: <E>(
    openPath: string,
    folder: string,
    firstMillis: number,
    isGiven: (millis: number) => boolean,
    announce: (relativePath: string) => Effect.Effect<void, E>
  ) => Effect.Effect<string, E | PlatformError.PlatformError>
  /** Waits until the disk knows the name of a sealed file, which may have been stored and be gone. */
  readonly persist: (relativePath: string) => Effect.Effect<void, PlatformError.PlatformError>
  /** Waits until the disk knows the names of all sealed files of a day. */
  readonly persistDay: (folder: string, millis: number) => Effect.Effect<void, PlatformError.PlatformError>
}

export const make = Effect.fnUntraced(function*(dataDir: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const known = new Set<string>()

  const adopt = Effect.fnUntraced(function*<E>(
    openPath: string,
    folder: string,
    firstMillis: number,
    isGiven: (millis: number) => boolean,
    announce: (relativePath: string) => Effect.Effect<void, E>
  ): Effect.fn.Return<string, E | PlatformError.PlatformError> {
    const date = fileNames.utcDate(firstMillis)
    yield* durableFolder.ensureBelow(fs, path, dataDir, path.join(dataDir, folder, date), known)
    // While it was open, no other file of the series could begin with that name, also where this one was left for a later start.
    let millis = fileNames.parseOpenName(path.basename(openPath))?.millis ?? firstMillis
    while (
      isGiven(millis) || (yield* fs.exists(path.join(dataDir, fileNames.sealedPath(folder, date, millis))))
    ) millis++
    const relativePath = fileNames.sealedPath(folder, date, millis)
    yield* announce(relativePath)
    yield* fs.rename(openPath, path.join(dataDir, relativePath))
    return relativePath
    // Somebody may have removed the folder that it leads to, or those above: they are made anew with the next attempt.
  }, Effect.tapError(() => Effect.sync(() => known.clear())))

  const persistDay = Effect.fnUntraced(function*(folder: string, millis: number) {
    const day = path.join(dataDir, folder, fileNames.utcDate(millis))
    if (!(yield* fs.exists(day))) return
    yield* durableFolder.ensureBelow(fs, path, dataDir, day, known)
    yield* durableFolder.sync(fs, day)
  })

  const sealedFolder: SealedFolder = {
    adopt,
    persistDay,
    persist: (relativePath) =>
      durableFolder.sync(fs, path.dirname(path.join(dataDir, relativePath))).pipe(
        Effect.catchReason("PlatformError", "NotFound", () => Effect.void)
      )
  }
  return sealedFolder
})
