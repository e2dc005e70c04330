import { type Cause, Effect } from "effect"
import type { UploadStats } from "../telemetry/UploadStats.ts"
import type { StoreError } from "./ObjectStore.ts"

/** Logs what keeps files from being stored: each cause once, then one line a scan, and that it is over. */
export interface StoreTrouble {
  /** An attempt to store a file failed. */
  readonly failed: (error: StoreError) => Effect.Effect<void>
  /** A file is left to the next scan. */
  readonly gaveUp: (file: string) => void
  /** A file is left to the next scan because of a bug. */
  readonly broke: (file: string, cause: Cause.Cause<unknown>) => Effect.Effect<void>
  /** A file was stored while `stats` still counted it. */
  readonly stored: (file: string) => Effect.Effect<void>
  /** A file is not there to be stored any more. */
  readonly removed: (file: string) => void
  /** Tells at a scan of the files given up since the last one, and answers whether there were any. */
  readonly report: Effect.Effect<boolean>
}

const onward = "the file stays in the data folder and is tried again by each scan"

/** All is well at first. */
export const make = (stats: UploadStats): StoreTrouble => {
  /** Failed, and not stored since. */
  const failing = new Set<string>()
  /** Causes that a line was written for. They outlive the trouble until the next scan, or a store that comes and goes would fill the log. */
  const told = new Set<string>()
  let open = false
  let givenUp = 0
  let last = ""

  const once = (cause: string, tell: Effect.Effect<void>, otherwise: Effect.Effect<void>) => {
    if (told.has(cause)) return otherwise
    told.add(cause)
    open = true
    return tell
  }

  return {
    failed: (error) =>
      Effect.suspend(() => {
        failing.add(error.key)
        last = error.message
        const tell = error.retryable
          ? Effect.logWarning(`${error.message}; it is tried again, and until it succeeds ${onward}`)
          : Effect.logError(`${error.message}; ${onward}`)
        return once(error.reason, tell, Effect.logDebug(error.message))
      }),
    gaveUp: (file) => {
      failing.add(file)
      givenUp++
    },
    broke: (file, cause) =>
      Effect.suspend(() => {
        failing.add(file)
        givenUp++
        last = `storing ${file} failed by a bug`
        return once("bug", Effect.logError(`${last}; ${onward}`, cause), Effect.logDebug(last, cause))
      }),
    stored: (file) =>
      Effect.suspend(() => {
        // The success of a file that never failed says nothing of those that do.
        if (!failing.delete(file) || !open) return Effect.void
        open = false
        givenUp = 0
        return Effect.logInfo(`files are stored again; ${stats.filesOnDisk} were waiting`)
      }),
    removed: (file) => {
      failing.delete(file)
      if (failing.size === 0) open = false
    },
    report: Effect.suspend(() => {
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
