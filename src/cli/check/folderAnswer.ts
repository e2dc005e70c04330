import { Effect, FileSystem, Path } from "effect"
import { measure } from "../../runtime/diskSpace.ts"
import { errorText } from "../../runtime/errorText.ts"
import { bytesText } from "../../runtime/bytesText.ts"
import { ask } from "./Answer.ts"

const failed = (trouble: string) => Effect.fail({ answer: "CANNOT BE USED", trouble })

/** Whether a folder can be written, or made, and has room for `neededBytes`; writes nothing. */
export const folderAnswer = (key: string, folder: string, neededBytes: number) => {
  const permit = `let the user that runs ticklake write there, or choose another ${key}`
  const question = Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { at, freeBytes } = yield* measure(path, path.resolve(folder))
    const missing = at !== path.resolve(folder)
    if ((yield* fs.stat(at)).type !== "Directory") {
      return yield* failed(`${at} is no folder: move it away, or choose another ${key}`)
    }
    yield* fs.access(at, { writable: true })
    if (freeBytes < neededBytes) {
      return yield* failed(
        `${bytesText(freeBytes)} are free on the disk of ${at}, less than one file may take (${
          bytesText(neededBytes)
        }): `
          + `make room, choose another ${key}, or lower max_file_size_mb`
      )
    }
    return `${missing ? "can be made" : "can be written"}, ${bytesText(freeBytes)} free`
  }).pipe(
    Effect.catchTags({
      PlatformError: (error) => failed(`${errorText(error)}: ${permit}`),
      NoDiskSpace: ({ code, message }) =>
        failed(`${message}: ${code === "EACCES" ? permit : `check that disk, or choose another ${key}`}`)
    })
  )
  return ask(`${key} ${folder}`, question)
}
