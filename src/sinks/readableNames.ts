import { Effect, type FileSystem, type Path, type PlatformError } from "effect"
import type { Oddity } from "./Quarantine.ts"

const odd = (path: string, reason: string): Oddity => ({ path, kind: "foreign", reason })

const notAFile = "This is no regular file, so ticklake has not made it. Put it where it belongs, or delete it."
/** Why a file is set aside that only this user cannot read. */
export const notReadable =
  "This user has no right to read this file. Give it the right, put the file back where it was, and start again."

/** Null where `path` is a regular file that can be read. What only fails now, as a bad sector does, fails the effect. */
const judge = (fs: FileSystem.FileSystem, path: string): Effect.Effect<Oddity | null, PlatformError.PlatformError> =>
  fs.stat(path).pipe(
    Effect.flatMap(({ type }) =>
      type === "File"
        ? Effect.as(Effect.scoped(fs.open(path, { flag: "r" })), null)
        : Effect.succeed(odd(path, notAFile))
    ),
    // A link that leads nowhere.
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed(odd(path, notAFile))),
    Effect.catchReason("PlatformError", "PermissionDenied", () => Effect.succeed(odd(path, notReadable)))
  )

/** The names in `folder` of files that can be read, and what stands there otherwise; nothing where there is no folder. */
export const readableNames = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: Path.Path, folder: string) {
  const all = yield* fs.readDirectory(folder).pipe(
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([]))
  )
  const names: Array<string> = []
  const oddities: Array<Oddity> = []
  for (const name of all) {
    const oddity = yield* judge(fs, path.join(folder, name))
    if (oddity === null) names.push(name)
    else oddities.push(oddity)
  }
  return { names, oddities }
})
