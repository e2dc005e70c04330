import { Effect, FileSystem, Path } from "effect"
import { errorText } from "../../runtime/errorText.ts"
import type { FileBytes } from "../../sinks/footer.ts"
import { digest } from "../../upload/fileDigest.ts"
import { filesBelow } from "./filesBelow.ts"
import { CannotInspect, kindOf, type Oddity, ReadFailed, sorted, type Source } from "./Source.ts"

/**
 * Not the recorder's own hidden folders, but for the one whose files are counted, nor that of ext file systems, which only root may
 * read and whose name none of the recorder's can have.
 */
const enters = (relativePath: string): boolean => {
  const name = relativePath.slice(relativePath.lastIndexOf("/") + 1)
  return relativePath === ".open" || (!name.startsWith(".") && name !== "lost+found")
}

/** Whether files in this folder would belong to the recording. */
const mayHoldRows = (relativePath: string): boolean => kindOf(`${relativePath}/1.parquet`) === "sealed"

/** A file, or every file below a folder. */
export const localSource = Effect.fnUntraced(function*(place: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path

  const use = <A, E>(file: string, read: (bytes: FileBytes<ReadFailed>) => Effect.Effect<A, E>) =>
    Effect.scoped(Effect.gen(function*() {
      // Before it is opened: whoever opens a named pipe waits for somebody to write to it.
      const { size, type } = yield* Effect.catchReason(
        fs.stat(file),
        "PlatformError",
        "NotFound",
        (_, cause) => Effect.flatMap(isLink(file), (link) => Effect.fail(link ? brokenLink : readFailed(cause)))
      ).pipe(Effect.mapError((error) => error._tag === "ReadFailed" ? error : readFailed(error)))
      if (type !== "File") {
        return yield* new ReadFailed({ problem: "no regular file", gone: false })
      }
      const handle = yield* Effect.mapError(fs.open(file, { flag: "r" }), readFailed)
      return yield* read({ bytes: Number(size), read: (from, length) => readExactly(handle, from, length) })
    }))

  const sha256 = (file: string, reading: boolean) =>
    reading
      ? digest(fs, file).pipe(Effect.map((whole) => whole.sha256), Effect.mapError(readFailed))
      : Effect.succeed(null)

  const isLink = (file: string) => Effect.isSuccess(fs.readLink(file))
  const brokenLink = new ReadFailed({ problem: "a link to a file that is not there", gone: false })

  const cannot = (problem: string) => (cause: unknown) => new CannotInspect({ place, problem, cause })
  const { type } = yield* fs.stat(place).pipe(
    Effect.catchReason(
      "PlatformError",
      "NotFound",
      (_, cause) => Effect.fail(cannot("there is no such file or folder")(cause))
    ),
    Effect.catchTag("PlatformError", (cause) => Effect.fail(cannot(`it cannot be read (${errorText(cause)})`)(cause)))
  )
  if (type !== "Directory") {
    const only: Source = {
      onlyFile: place,
      files: [place],
      oddities: [],
      unread: [],
      leftOut: { stillWritten: 0, setAside: 0 },
      filesAtATime: 1,
      use,
      sha256,
      digestsAtATime: 4,
      address: path.resolve,
      contains: (address) => address === path.resolve(place)
    }
    return only
  }
  const { files, unread } = yield* filesBelow(place, enters)
  const top = unread.find(({ at }) => at === "")
  if (top !== undefined) return yield* new CannotInspect({ place, problem: top.problem })
  const below = sorted((relativePath) => path.join(place, relativePath), files)
  const named = (which: typeof unread) =>
    which.map(({ at, problem }): Oddity => ({ file: path.join(place, at), problem }))
  const root = path.join(path.resolve(place), path.sep)
  const folder: Source = {
    ...below,
    onlyFile: null,
    oddities: [...named(unread.filter(({ at }) => !mayHoldRows(at))), ...below.oddities],
    unread: named(unread.filter(({ at }) => mayHoldRows(at))),
    filesAtATime: 16,
    use,
    sha256,
    digestsAtATime: 4,
    address: path.resolve,
    contains: (address) => address.startsWith(root)
  }
  return folder
})

const readFailed = (error: { readonly reason: { readonly _tag: string } }): ReadFailed =>
  new ReadFailed({ problem: `it cannot be read: ${errorText(error)}`, gone: error.reason._tag === "NotFound" })

const readExactly = Effect.fnUntraced(function*(file: FileSystem.File, from: number, length: number) {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const some = yield* Effect.mapError(file.read(bytes.subarray(done), { position: BigInt(from + done) }), readFailed)
    if (some === 0) return yield* new ReadFailed({ problem: "it became shorter while it was read", gone: false })
    done += some
  }
  return bytes
})
