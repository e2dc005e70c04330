import { Effect, type FileSystem, type Path } from "effect"
import * as durableFolder from "../runtime/durableFolder.ts"
import * as LogLine from "../telemetry/LogLine.ts"
import { sameBytes } from "./sameBytes.ts"
import type { StorageStats } from "../telemetry/StorageStats.ts"

/** The folders of what could not be understood, inside the data folder: the first that nothing else stands in the place of. */
const folderName = (count: number): string => count === 0 ? "quarantine" : `quarantine.${count}`

/** What is set aside, and why. */
export interface Oddity {
  readonly path: string
  readonly kind: keyof StorageStats["quarantined"]
  /** What it is and what the operator can do, in sentences. */
  readonly reason: string
}

/** Sets files aside below `dataDir`, where no start looks at them again. */
export const make = (fs: FileSystem.FileSystem, path: Path.Path, dataDir: string, stats: StorageStats) => {
  const isFolder = (at: string) =>
    fs.stat(at).pipe(
      Effect.map(({ type }) => type === "Directory"),
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed(false))
    )

  const usableFolder = Effect.gen(function*() {
    for (let count = 0;; count++) {
      const folder = path.join(dataDir, folderName(count))
      yield* durableFolder.ensure(fs, path, folder)
      if (yield* isFolder(folder)) return folder
    }
  })

  /** The first free name for `from` in `folder`; null where `copied` says that it stands there already. */
  const freePath = Effect.fnUntraced(function*(folder: string, from: string, copied: boolean) {
    const name = path.basename(from)
    let target = path.join(folder, name)
    for (let count = 1; yield* fs.exists(target); count++) {
      if (copied && (yield* sameBytes(fs, from, target))) return null
      target = path.join(folder, `${name}.${count}`)
    }
    return target
  })

  const place = Effect.fnUntraced(function*({ kind, path: from, reason }: Oddity, copy: boolean) {
    const folder = yield* usableFolder
    const target = yield* freePath(folder, from, copy)
    // By a recovery that came no further, which is tried every few seconds: copies would fill the disk that it waits for.
    if (target === null) return
    // The sentence first: a file that nobody explains is what this is meant to prevent.
    yield* Effect.scoped(Effect.gen(function*() {
      const file = yield* fs.open(`${target}.reason.txt`, { flag: "w" })
      yield* file.writeAll(Buffer.from(`${reason}\n`))
      yield* file.sync
    }))
    yield* durableFolder.sync(fs, folder)
    // The original is written to next: without the disk knowing the copy, a power loss would leave neither.
    yield* copy ? Effect.andThen(fs.copyFile(from, target), durableFolder.sync(fs, target)) : fs.rename(from, target)
    yield* durableFolder.sync(fs, folder)
    yield* durableFolder.sync(fs, path.dirname(from))
    stats.quarantined[kind]++
    yield* LogLine.eachTold(
      Effect.logError(`${from}: ${reason} It is ${copy ? "copied to" : "set aside as"} ${target}.`)
    )
  })

  return {
    /** Waits until the disk knows what an earlier process has set aside. */
    settle: Effect.gen(function*() {
      for (let count = 0; yield* fs.exists(path.join(dataDir, folderName(count))); count++) {
        const folder = path.join(dataDir, folderName(count))
        if (yield* isFolder(folder)) yield* durableFolder.sync(fs, folder)
      }
    }),
    /** Moves it away. */
    move: (oddity: Oddity) => place(oddity, false),
    /** Keeps it as it is, in a copy. */
    copy: (oddity: Oddity) => place(oddity, true)
  }
}
