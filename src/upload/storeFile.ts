import { Cause, Clock, Effect, FileSystem, Option, Path } from "effect"
import { monotonicMillis } from "../runtime/monotonic.ts"
import * as LogLine from "../telemetry/LogLine.ts"
import type { UploadStats } from "../telemetry/UploadStats.ts"
import type { Backlog } from "./Backlog.ts"
import { ObjectStore, StoreError } from "./ObjectStore.ts"
import { type Options as RetryOptions, retrySchedule } from "./retrySchedule.ts"
import { setAside } from "./setAside.ts"
import type { StoreTrouble } from "./StoreTrouble.ts"

/** What becomes of one sealed file. */
export interface Options extends RetryOptions {
  readonly dataDir: string
}

/**
 * Makes the way of one sealed file: stored and then removed here; or set aside, because the store has something else under its
 * name; or left here for the next scan. It never fails, and counts what it does in `stats` and `backlog`, and leaves to `trouble` what is said of it.
 */
export const make = Effect.fnUntraced(function*(
  options: Options,
  stats: UploadStats,
  backlog: Backlog,
  trouble: StoreTrouble
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const clock = yield* Clock.Clock
  const objectStore = yield* ObjectStore
  const schedule = retrySchedule(options)

  const forget = (relativePath: string) => {
    backlog.remove(relativePath)
    trouble.removed(relativePath)
  }

  /** Stores the file, then removes it here. */
  const attempt = Effect.fnUntraced(function*(relativePath: string) {
    const localPath = path.join(options.dataDir, relativePath)
    if (!(yield* fs.exists(localPath))) return forget(relativePath)
    // Whoever opens a named pipe waits for somebody to write to it.
    if ((yield* fs.stat(localPath)).type !== "File") {
      const explanation = "it is no regular file: move it out of the data folder"
      return yield* new StoreError({ key: relativePath, reason: "Unusable", explanation })
    }
    const startedAt = monotonicMillis(clock)
    const stored = yield* objectStore.put(relativePath, localPath)
    const { size } = yield* fs.stat(localPath)
    if (Number(size) !== stored.bytes) {
      const explanation = `the store holds ${stored.bytes} bytes of ${size}; the file stays here`
      return yield* new StoreError({ key: relativePath, reason: "Unproven", explanation })
    }
    yield* fs.remove(localPath)
    yield* trouble.stored(relativePath)
    backlog.remove(relativePath)
    stats.stored++
    stats.storedBytes += stored.bytes
    stats.durationSeconds.observe((monotonicMillis(clock) - startedAt) / 1000)
    yield* Effect.logDebug(`stored ${relativePath}: ${stored.bytes} bytes`)
  })

  const count = (error: StoreError) =>
    Effect.suspend(() => {
      stats.failedAttempts++
      // What becomes of the file is told when it is set aside.
      return error.reason === "Conflict" ? Effect.void : trouble.failed(error)
    })

  const putAway = (relativePath: string, conflict: StoreError) =>
    setAside(fs, path, options.dataDir, relativePath, conflict.message).pipe(
      Effect.flatMap((target) => {
        forget(relativePath)
        stats.setAside++
        return LogLine.eachTold(
          Effect.logError(`${conflict.message}; set aside as ${target}: compare the two and keep the right one`)
        )
      }),
      Effect.mapError((cause) =>
        new StoreError({
          key: relativePath,
          reason: "Conflict",
          explanation: `${conflict.explanation}, and the file cannot be set aside: ${cause.message}`,
          cause
        })
      )
    )

  const leave = (relativePath: string, cause: Cause.Cause<StoreError>) =>
    Effect.suspend(() => {
      stats.givenUp++
      const error = Option.getOrUndefined(Cause.findErrorOption(cause))
      if (error === undefined) return trouble.broke(relativePath, cause)
      trouble.gaveUp()
      return error.reason === "Conflict" ? trouble.failed(error) : Effect.void
    })

  return (relativePath: string) =>
    Effect.suspend(() => {
      let attempts = 0
      return Effect.suspend(() => {
        if (attempts++ > 0) stats.retries++
        return attempt(relativePath)
      }).pipe(
        Effect.catchTag("PlatformError", (cause) =>
          Effect.fail(
            new StoreError({ key: relativePath, reason: "Unavailable", explanation: cause.message, cause })
          )),
        Effect.tapError(count),
        Effect.retry({ schedule, while: (error) => error.retryable }),
        Effect.catchIf((error) => error.reason === "Conflict", (conflict) => putAway(relativePath, conflict)),
        Effect.catchCauseIf((cause) => !Cause.hasInterruptsOnly(cause), (cause) => leave(relativePath, cause))
      )
    })
})
