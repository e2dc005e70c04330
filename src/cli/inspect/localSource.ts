import { Effect, FileSystem, Path } from "effect"
import { type Dirent, promises } from "node:fs"
import { errorText } from "../../runtime/errorText.ts"
import type { FileBytes } from "../../sinks/footer.ts"
import { digest } from "../../upload/fileDigest.ts"
import { CannotInspect, type Oddity, ReadFailed, sorted, type Source } from "./Source.ts"

/** The names in a folder with what they are, which Effect's file system does not tell without asking for each. */
const entriesOf = (folder: string): Effect.Effect<ReadonlyArray<Dirent>, ReadFailed> =>
  Effect.tryPromise({
    try: () => promises.readdir(folder, { withFileTypes: true }),
    catch: (cause) => new ReadFailed({ problem: `this folder cannot be read: ${errorText(cause)}`, gone: false })
  })

/** Everything below `folder` but the recorder's own hidden folders, as paths relative to it; folders that cannot be read are told. */
const walk = Effect.fnUntraced(function*(path: Path.Path, folder: string) {
  const found: Array<string> = []
  const oddities: Array<Oddity> = []
  const folders = [""]
  while (folders.length > 0) {
    const at = folders.pop() ?? ""
    const entries = yield* Effect.result(entriesOf(path.join(folder, at)))
    if (entries._tag === "Failure") {
      oddities.push({ file: path.join(folder, at), problem: entries.failure.problem })
      continue
    }
    for (const entry of entries.success) {
      const relativePath = at === "" ? entry.name : `${at}/${entry.name}`
      if (!entry.isDirectory()) found.push(relativePath)
      else if (!entry.name.startsWith(".") || relativePath === ".open") folders.push(relativePath)
    }
  }
  return { found, oddities }
})

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
        const problem = type === "Directory" ? "a link to a folder, which is not followed" : "no regular file"
        return yield* new ReadFailed({ problem, gone: false })
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
  yield* Effect.mapError(entriesOf(place), (cause) => cannot(cause.problem)(cause))
  const { found, oddities } = yield* walk(path, place)
  const below = sorted((relativePath) => path.join(place, relativePath), found)
  const root = path.join(path.resolve(place), path.sep)
  const folder: Source = {
    ...below,
    onlyFile: null,
    oddities: [...oddities, ...below.oddities],
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
