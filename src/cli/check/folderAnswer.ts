import { Effect, FileSystem, Path } from "effect"
import { measure } from "../../runtime/diskSpace.ts"
import { errorText } from "../../runtime/errorText.ts"
import { relationOf } from "../../config/folderRelation.ts"
import { bytesText } from "../../runtime/bytesText.ts"
import { ask } from "./Answer.ts"

const failed = (trouble: string) => Effect.fail({ answer: "CANNOT BE USED", trouble })

/** What is wanted of a folder. */
interface Wanted {
  /** Below which its disk is too full. */
  readonly neededBytes: number
  /** From which it must be apart, wherever links lead. */
  readonly apartFrom?: { readonly key: string; readonly folder: string }
}

/** Where a folder is without links, also where it is yet to be made. */
const realOf = Effect.fnUntraced(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const resolved = path.resolve(folder)
  const { at } = yield* measure(path, resolved)
  return path.join(yield* fs.realPath(at), path.relative(at, resolved))
})

/** Says that links make two folders one, or one the other's; silent where one of them cannot be found, which its own answer tells. */
const clashOf = (folder: string, other: { readonly key: string; readonly folder: string }) =>
  Effect.all([realOf(folder), realOf(other.folder)]).pipe(
    Effect.map(([real, otherReal]) => {
      const relation = relationOf(real, otherReal)
      return relation === null
        ? null
        : `it must be a folder apart from ${other.key}, but links lead to ${real}, which is ${relation}`
    }),
    Effect.orElseSucceed(() => null)
  )

/** Whether a folder can be written, or made, and is as it is wanted; writes nothing. */
export const folderAnswer = (key: string, folder: string, { apartFrom, neededBytes }: Wanted) => {
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
    const clash = apartFrom === undefined ? null : yield* clashOf(folder, apartFrom)
    if (clash !== null) return yield* failed(`${clash}: choose another ${key}`)
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
