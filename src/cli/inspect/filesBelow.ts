import { Effect, Path } from "effect"
import { type Dirent, promises } from "node:fs"
import { errorText } from "../../runtime/errorText.ts"
import { ReadFailed } from "./Source.ts"

/** A folder, or a link that may lead to one, of which nobody can say what is in it. */
interface Unread {
  /** Relative to the folder that is looked through, which itself is "". */
  readonly at: string
  readonly problem: string
}

/** A folder that is to be looked into. */
interface Folder {
  readonly at: string
  /** Its one path without links. */
  readonly real: string
}

const asked = <A>(answer: () => Promise<A>, complaint: string): Effect.Effect<A, ReadFailed> =>
  Effect.tryPromise({
    try: answer,
    catch: (cause) =>
      new ReadFailed({
        problem: `${complaint}: ${errorText(cause)}`,
        gone: cause instanceof Error && "code" in cause && cause.code === "ENOENT"
      })
  })

/** The names in a folder with what they are, which Effect's file system does not tell without asking for each. */
const entriesOf = (folder: string): Effect.Effect<ReadonlyArray<Dirent>, ReadFailed> =>
  asked(() => promises.readdir(folder, { withFileTypes: true }), "this folder cannot be read")

const targetOf = (link: string) =>
  asked(async () => {
    const real = await promises.realpath(link)
    return { real, isFolder: (await promises.stat(real)).isDirectory() }
  }, "this link cannot be followed")

/**
 * Every file below `folder`, in folders that `enters` takes, as paths relative to it, and what could not be looked into. Links are
 * followed, and no folder is looked through twice, wherever they lead.
 */
export const filesBelow = Effect.fnUntraced(function*(folder: string, enters: (relativePath: string) => boolean) {
  const path = yield* Path.Path
  const files: Array<string> = []
  const unread: Array<Unread> = []
  const folders: Array<Folder> = []
  const linked: Array<Folder> = []
  const seen = new Set<string>()

  const sort = Effect.fnUntraced(function*(entry: Dirent, { at: above, real: realAbove }: Folder) {
    const at = above === "" ? entry.name : `${above}/${entry.name}`
    if (entry.isDirectory()) {
      if (enters(at)) folders.push({ at, real: path.join(realAbove, entry.name) })
      return
    }
    if (!entry.isSymbolicLink() || !enters(at)) return void files.push(at)
    const target = yield* Effect.result(targetOf(path.join(folder, at)))
    // What has the name of a file is taken for one, and whoever reads it tells what is wrong.
    if (target._tag === "Failure" && !at.endsWith(".parquet")) unread.push({ at, problem: target.failure.problem })
    else if (target._tag === "Success" && target.success.isFolder) linked.push({ at, real: target.success.real })
    else files.push(at)
  })

  const look = Effect.fnUntraced(function*(at: Folder) {
    const entries = yield* Effect.result(entriesOf(path.join(folder, at.at)))
    if (entries._tag === "Success") {
      yield* Effect.forEach(entries.success, (entry) => sort(entry, at), { discard: true })
    } // It was there when the one above it was read: somebody has removed it meanwhile.
    else if (at.at === "" || !entries.failure.gone) unread.push({ at: at.at, problem: entries.failure.problem })
  })

  const top = yield* Effect.result(targetOf(folder))
  if (top._tag === "Failure") unread.push({ at: "", problem: top.failure.problem })
  else folders.push({ at: "", real: top.success.real })
  while (true) {
    // Links come last, so that what is here itself has its own path.
    const next = folders.pop() ?? linked.shift()
    if (next === undefined) return { files, unread }
    if (seen.has(next.real)) continue
    seen.add(next.real)
    yield* look(next)
  }
})
