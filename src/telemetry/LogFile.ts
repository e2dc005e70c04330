import {
  Clock,
  Deferred,
  type Duration,
  Effect,
  Fiber,
  FileSystem,
  Latch,
  Path,
  Runtime,
  Schema,
  type Scope
} from "effect"
import * as Background from "../runtime/Background.ts"
import { errorText } from "../runtime/errorText.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import { DayFiles } from "./DayFiles.ts"
import * as logFileNames from "./logFileNames.ts"
import { PendingLines } from "./PendingLines.ts"

export interface Options {
  readonly folder: string
  readonly maxFileBytes: number
  /** Whole days, UTC, that files are kept beside that of the present one. */
  readonly retentionDays: number
  /** Lines that may wait for the disk; those beyond are dropped and counted. */
  readonly pendingBytes: number
  readonly retryEvery: Duration.Input
  /** How long the end may wait for the disk to take the last lines. */
  readonly flushWithin: Duration.Input
}

export const defaults: Pick<Options, "pendingBytes" | "retryEvery" | "flushWithin"> = {
  pendingBytes: 1024 * 1024,
  retryEvery: "5 seconds",
  flushWithin: "2 seconds"
}

/** The folder cannot be written to. */
export class LogFolderUnusable extends Schema.TaggedError<LogFolderUnusable>()("LogFolderUnusable", {
  folder: Schema.String,
  cause: Schema.Defect()
}) {
  /** EX_CANTCREAT of sysexits.h. */
  override readonly [Runtime.errorExitCode] = 73

  override get message() {
    return `no log files can be written in ${this.folder}: ${errorText(this.cause)}. ` +
      "Let this user write there, or set logging.dir to another folder"
  }
}

/** Takes lines, and never keeps whoever brings one waiting. */
export interface LogFile {
  readonly write: (atMillis: number, text: string) => void
}

/** A file that will have room again one day is no reason not to record. */
const hasNoRoom = (error: unknown): boolean => {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ("code" in each && (each.code === "ENOSPC" || each.code === "EDQUOT")) return true
  }
  return false
}

/**
 * Log files in a folder. A disk that takes no lines stops and delays nobody: that is told once, and once that it works again,
 * with the number of lines that were dropped meanwhile. Closing the scope writes what waits.
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<LogFile, LogFolderUnusable, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const clock = yield* Clock.Clock
  const { folder } = options
  const files = new DayFiles(fs, path, folder, options.maxFileBytes)
  const pending = new PendingLines(options.pendingBytes)
  const some = Latch.makeUnsafe(false)
  const crowded = Latch.makeUnsafe(false)
  const closing = Deferred.makeUnsafe<void>()
  let failingSince: number | null = null

  const today = () => logFileNames.dayOf(clock.currentTimeMillisUnsafe())
  yield* files.check(today()).pipe(
    Effect.catchIf(hasNoRoom, () => Effect.void),
    Effect.mapError((cause) => new LogFolderUnusable({ folder, cause }))
  )

  const failed = Effect.fnUntraced(function*(error: Error) {
    if (failingSince !== null) return
    failingSince = monotonicMillis(clock)
    yield* Effect.logError(
      `log lines cannot be written in ${folder}: ${
        errorText(error)
      }; recording goes on, lines wait in memory until there are ` +
        "too many, and it is tried again every few seconds"
    )
  })
  const worked = Effect.suspend(() => {
    const since = failingSince
    const dropped = pending.takeDropped()
    failingSince = null
    crowded.closeUnsafe()
    if (dropped > 0) {
      return Effect.logWarning(`log lines are written in ${folder} again; ${dropped} of them were dropped meanwhile`)
    }
    if (since === null) return Effect.void
    const seconds = Math.round((monotonicMillis(clock) - since) / 1000)
    return Effect.logInfo(`log lines are written in ${folder} again after ${seconds} s; none is missing`)
  })
  const writeOnce = files.append(pending).pipe(
    Effect.matchEffect({
      onSuccess: () => Effect.as(worked, true),
      onFailure: (error) => Effect.as(failed(error), false)
    })
  )
  const nextTry = Effect.timeoutOption(Deferred.await(closing), options.retryEvery)
  const writeAll = Effect.gen(function*() {
    while (true) {
      if (pending.size === 0) {
        if (Deferred.isDoneUnsafe(closing)) return
        some.closeUnsafe()
        yield* some.await
        continue
      }
      if (yield* writeOnce) continue
      if (Deferred.isDoneUnsafe(closing)) return
      yield* nextTry
    }
  })
  // A disk may also simply not answer, and then nothing else would tell.
  const tellCrowded = Effect.gen(function*() {
    yield* crowded.await
    yield* Effect.logError(
      `log lines are being dropped, for ${folder} takes none or not so many; recording goes on, and how many they were is told ` +
        "when lines are written again"
    )
    while (pending.dropped > 0) yield* Effect.sleep(options.retryEvery)
  }).pipe(Effect.forever)

  // Not bound to the scope, which would wait for a write that a dead disk never answers.
  const writer = yield* Effect.forkDetach(
    Background.restarted("the writing of log files", Effect.raceFirst(writeAll, tellCrowded))
  )
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      yield* Deferred.succeed(closing, undefined)
      some.openUnsafe()
      yield* Effect.interruptible(Fiber.await(writer)).pipe(Effect.timeoutOption(options.flushWithin))
      writer.interruptUnsafe()
      const missing = pending.size + pending.dropped
      if (missing > 0) {
        yield* Effect.logWarning(`the last ${missing} log lines could not be written in ${folder} and are lost there`)
      }
    })
  )

  const keepDays = Effect.gen(function*() {
    let done = ""
    while (true) {
      const now = clock.currentTimeMillisUnsafe()
      const day = logFileNames.dayOf(now)
      if (day !== done) {
        done = day
        const removed = yield* Effect.catch(files.removeOld(day, options.retentionDays), (error) =>
          Effect.as(
            Effect.logWarning(
              `${folder} could not be searched for old log files: ${errorText(error)}; they stay until tomorrow`
            ),
            []
          ))
        if (removed.length > 0) {
          yield* Effect.logInfo(
            `removed ${removed.length} old log files from ${folder}; logging.retention_days is ${options.retentionDays}`
          )
        }
      }
      // Not longer than an hour: the system clock may be set.
      yield* Effect.sleep(Math.min(3_600_000, logFileNames.millisLeftOf(now)))
    }
  })
  yield* Effect.forkScoped(Background.restarted("the removal of old log files", keepDays))

  return {
    write: (atMillis, text) => {
      if (!pending.add(atMillis, text)) crowded.openUnsafe()
      some.openUnsafe()
    }
  }
})
