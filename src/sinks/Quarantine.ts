import { Effect, type FileSystem, type Path } from "effect"
import * as durableFolder from "../runtime/durableFolder.ts"
import * as LogLine from "../telemetry/LogLine.ts"
import type { StorageStats } from "../telemetry/StorageStats.ts"

/** The folder of what could not be understood, inside the data folder. */
export const quarantineFolder = "quarantine"

/** What is set aside, and why. */
export interface Oddity {
  readonly path: string
  readonly kind: keyof StorageStats["quarantined"]
  /** What it is and what the operator can do, in sentences. */
  readonly reason: string
}

/** Sets files aside below `dataDir`, where no start looks at them again. */
export const make = (fs: FileSystem.FileSystem, path: Path.Path, dataDir: string, stats: StorageStats) => {
  const folder = path.join(dataDir, quarantineFolder)

  const freePath = Effect.fnUntraced(function*(name: string) {
    let target = path.join(folder, name)
    for (let count = 1; yield* fs.exists(target); count++) target = path.join(folder, `${name}.${count}`)
    return target
  })

  const place = Effect.fnUntraced(function*({ kind, path: from, reason }: Oddity, copy: boolean) {
    yield* durableFolder.ensure(fs, path, folder)
    const target = yield* freePath(path.basename(from))
    // The sentence first: a file that nobody explains is what this is meant to prevent.
    yield* Effect.scoped(Effect.gen(function*() {
      const file = yield* fs.open(`${target}.reason.txt`, { flag: "w" })
      yield* file.writeAll(Buffer.from(`${reason}\n`))
      yield* file.sync
    }))
    yield* copy ? fs.copyFile(from, target) : fs.rename(from, target)
    yield* durableFolder.sync(fs, folder)
    yield* durableFolder.sync(fs, path.dirname(from))
    stats.quarantined[kind]++
    yield* LogLine.eachTold(
      Effect.logError(`${from}: ${reason} It is ${copy ? "copied to" : "set aside as"} ${target}.`)
    )
  })

  return {
    /** Moves it away. */
    move: (oddity: Oddity) => place(oddity, false),
    /** Keeps it as it is, in a copy. */
    copy: (oddity: Oddity) => place(oddity, true)
  }
}
