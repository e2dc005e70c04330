import { type Cause, Effect } from "effect"
import type { UploadStats } from "../telemetry/UploadStats.ts"
import type { Backlog } from "./Backlog.ts"
import type { StoreError } from "./ObjectStore.ts"

/** Tells what keeps files from being stored: in the log each cause once, then one line a scan, and that it is over; in `stats` the last. */
export interface StoreTrouble {
  /** An attempt to store a file failed. */
  readonly failed: (error: StoreError) => Effect.Effect<void>
  /** A file that failed is left to the next scan. */
  readonly gaveUp: () => void
  /** A file is left to the next scan because of a bug. */
  readonly broke: (file: string, cause: Cause.Cause<unknown>) => Effect.Effect<void>
  /** A file was stored while `stats` still counted it. */
  readonly stored: (file: string) => Effect.Effect<void>
  /** A file is not there to be stored any more. */
  readonly removed: (file: string) => void
  /** Tells at a scan, after its list, of the files given up since the last one, and answers whether there were any. */
  readonly report: Effect.Effect<boolean>
}

const onward = "the file stays in the data folder and is tried again by each scan"

/** All is well at first. */
export const make = (stats: UploadStats, backlog: Backlog): StoreTrouble => {
  /** Failed, and not stored since; with what was said of it last. */
  const failing = new Map<string, string>()
  /** The one that `stats.problem` speaks of. */
  let worst: string | null = null
  /** Causes that a line was written for. They outlive the trouble until the next scan, or a store that comes and goes would fill the log. */
  const told = new Set<string>()
  let open = false
  let givenUp = 0
  let last = ""

  const fail = (file: string, message: string) => {
    // Set anew, so that the last of the map is the last that failed.
    failing.delete(file)
    failing.set(file, message)
    worst = file
    last = message
    stats.problem = message
  }

  const removed = (file: string) => {
    failing.delete(file)
    if (failing.size === 0) open = false
    if (file !== worst) return
    const next = [...failing].at(-1)
    worst = next?.[0] ?? null
    stats.problem = next?.[1] ?? null
  }

  const once = (cause: string, tell: Effect.Effect<void>, otherwise: Effect.Effect<void>) => {
    if (told.has(cause)) return otherwise
    told.add(cause)
    open = true
    return tell
  }

  return {
    failed: (error) =>
      Effect.suspend(() => {
        fail(error.key, error.message)
        const tell = error.retryable
          ? Effect.logWarning(`${error.message}; it is tried again, and until it succeeds ${onward}`)
          : Effect.logError(`${error.message}; ${onward}`)
        return once(error.reason, tell, Effect.logDebug(error.message))
      }),
    gaveUp: () => {
      givenUp++
    },
    broke: (file, cause) =>
      Effect.suspend(() => {
        givenUp++
        fail(file, `storing ${file} failed by a bug`)
        return once("bug", Effect.logError(`${last}; ${onward}`, cause), Effect.logDebug(last, cause))
      }),
    stored: (file) =>
      Effect.suspend(() => {
        worst = null
        stats.problem = null
        // The success of a file that never failed says nothing of those that do.
        if (!failing.delete(file) || !open) return Effect.void
        open = false
        givenUp = 0
        return Effect.logInfo(`files are stored again; ${stats.filesOnDisk} were waiting`)
      }),
    removed,
    report: Effect.suspend(() => {
      // What somebody moved away is no trouble any more, and no attempt will find that out.
      for (const file of failing.keys()) if (!backlog.has(file)) removed(file)
      if (givenUp === 0) {
        if (!open) told.clear()
        return Effect.succeed(false)
      }
      const text = `${stats.filesOnDisk} sealed files wait to be stored and are tried again now; `
        + `given up ${givenUp} times since the last report, the last: ${last}`
      open = true
      givenUp = 0
      return Effect.as(Effect.logError(text), true)
    })
  }
}
