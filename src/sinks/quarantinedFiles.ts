import { Effect, type FileSystem, type Path, type PlatformError } from "effect"
import * as UnparsedFrames from "../telemetry/UnparsedFrames.ts"

const folderPattern = /^quarantine(?:\.\d+)?$/

/**
 * The paths of all files that were set aside below `dataDir` and are still there, sorted; not the texts that say why, nor the
 * frames that could not be parsed, which are what they should be.
 */
export const quarantinedFiles = Effect.fnUntraced(
  function*(fs: FileSystem.FileSystem, path: Path.Path, dataDir: string) {
    const frames = path.join(dataDir, UnparsedFrames.folder)
    const below = (at: string): Effect.Effect<ReadonlyArray<string>, PlatformError.PlatformError> =>
      Effect.flatMap(fs.stat(at), ({ type }) =>
        type === "Directory" && at === frames
          ? Effect.succeed([])
          : type === "Directory"
          ? Effect.map(
            Effect.flatMap(
              fs.readDirectory(at),
              (names) => Effect.forEach(names, (name) => below(path.join(at, name)))
            ),
            (found) => found.flat()
          )
          : Effect.succeed(at.endsWith(".reason.txt") ? [] : [at])).pipe(
          // Removed, or a link that leads nowhere; and what nobody may read is not looked into.
          Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([])),
          Effect.catchReason("PlatformError", "PermissionDenied", () => Effect.succeed([]))
        )
    const folders = (yield* fs.readDirectory(dataDir)).filter((name) => folderPattern.test(name)).toSorted()
    const isFolder = (name: string) =>
      fs.stat(path.join(dataDir, name)).pipe(
        Effect.map(({ type }) => type === "Directory"),
        Effect.catchReason("PlatformError", "PermissionDenied", () => Effect.succeed(false))
      )
    const found = yield* Effect.forEach(
      yield* Effect.filter(folders, isFolder),
      (name) => below(path.join(dataDir, name))
    )
    return found.flat().toSorted()
  }
)
