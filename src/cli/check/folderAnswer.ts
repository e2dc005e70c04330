import { Effect, FileSystem, Path } from "effect"
import { statfs } from "node:fs/promises"
import { errorText } from "../../runtime/errorText.ts"
import { bytesText } from "../../runtime/bytesText.ts"
import { ask } from "./Answer.ts"

/** The folder itself, or the nearest one above it that exists: where it would be made. */
const nearestExisting = Effect.fnUntraced(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  let at = path.resolve(folder)
  // Below a file, or behind a folder that may not be entered, nothing can be asked for.
  const exists = (folder: string) => Effect.orElseSucceed(fs.exists(folder), () => false)
  while (!(yield* exists(at)) && path.dirname(at) !== at) at = path.dirname(at)
  return at
})

const freeBytes = (folder: string) =>
  Effect.tryPromise(async () => {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  })

const failed = (trouble: string) => Effect.fail({ answer: "CANNOT BE USED", trouble })

/** Whether a folder can be written, or made, and has room for `neededBytes`; writes nothing. */
export const folderAnswer = (key: string, folder: string, neededBytes: number) => {
  const question = Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const at = yield* nearestExisting(folder)
    const missing = at !== path.resolve(folder)
    if ((yield* fs.stat(at)).type !== "Directory") {
      return yield* failed(`${at} is no folder: move it away, or choose another ${key}`)
    }
    yield* fs.access(at, { writable: true })
    const free = yield* freeBytes(at)
    if (free < neededBytes) {
      return yield* failed(
        `${bytesText(free)} are free on the disk of ${at}, less than one file may take (${bytesText(neededBytes)}): `
          + `make room, choose another ${key}, or lower max_file_size_mb`
      )
    }
    return `${missing ? "can be made" : "can be written"}, ${bytesText(free)} free`
  }).pipe(
    Effect.catchTags({
      PlatformError: (error) =>
        failed(`${errorText(error)}: let the user that runs ticklake write there, or choose another ${key}`),
      UnknownError: (error) => failed(`${errorText(error)}: check that disk, or choose another ${key}`)
    })
  )
  return ask(`${key} ${folder}`, question)
}
