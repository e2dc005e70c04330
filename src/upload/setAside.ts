import { Effect, type FileSystem, type Path, type PlatformError } from "effect"
import * as durableFolder from "../runtime/durableFolder.ts"

/** Where files wait for somebody to look at them, below the data folder. */
export const folder = "quarantine/upload"

/** Moves a sealed file to the quarantine, with the reason in words beside it, and answers where it is now. */
export const setAside = Effect.fnUntraced(function*(
  fs: FileSystem.FileSystem,
  path: Path.Path,
  dataDir: string,
  relativePath: string,
  reason: string
): Effect.fn.Return<string, PlatformError.PlatformError> {
  const wanted = path.join(dataDir, folder, relativePath)
  let target = wanted
  // What was set aside under this name before is somebody's evidence.
  for (let again = 1; yield* fs.exists(target); again++) target = `${wanted}.${again}`
  yield* durableFolder.ensure(fs, path, path.dirname(target))
  // The reason first: a file without one would be a riddle.
  yield* fs.writeFileString(`${target}.reason.txt`, `${reason}\n`)
  yield* fs.rename(path.join(dataDir, relativePath), target)
  yield* durableFolder.sync(fs, path.dirname(target))
  return target
})
