import { Context, Deferred, type Duration, Effect, Fiber, FileSystem, Latch, Layer, Path } from "effect"
import * as Background from "../runtime/Background.ts"
import { errorText } from "../runtime/errorText.ts"
import { dayOfFile, fileName, FrameFiles } from "./FrameFiles.ts"
import { dayOf } from "./logFileNames.ts"
import type { FeedStats } from "./Telemetry.ts"
import { beginningOf, lineOf, type UnparsedFrame } from "./unparsedLine.ts"

/** Where they are kept, below the data folder: set aside for somebody to look at, and not damaged. */
export const folder = "quarantine/frames"

export interface Options {
  readonly dataDir: string
  /** Of the file of one feed and day. */
  readonly fileBytes: number
  /** Of all files. */
  readonly folderBytes: number
  /** Of a frame; what is longer is cut off. */
  readonly frameBytes: number
  /** Bytes and frames that may wait for the disk. */
  readonly pendingBytes: number
  readonly pendingFrames: number
  /** How long the end may wait for the disk to take the last frames. */
  readonly flushWithin: Duration.Input
}

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

/** What holds unless a test says otherwise. */
export const defaults: Omit<Options, "dataDir"> = {
  fileBytes: mebibyte,
  folderBytes: 64 * mebibyte,
  frameBytes: 256 * kibibyte,
  pendingBytes: 4 * mebibyte,
  pendingFrames: 2000,
  flushWithin: "2 seconds"
}

/**
 * Keeps frames that could not be parsed whole, so that somebody can find out why. For the callback of a socket: never waits,
 * and what there is no room for is counted and forgotten. Where none are kept, nothing is done.
 */
export const UnparsedFrames = Context.Reference<{
  readonly keep: (stats: FeedStats, receivedAtMicros: number, reason: string, bytes: Buffer) => void
}>("ticklake/UnparsedFrames", { defaultValue: () => ({ keep: () => {} }) })

interface Waiting {
  readonly stats: FeedStats
  readonly file: string
  readonly frame: UnparsedFrame
}

/** What a feed has had kept of a day, before it is known how long its lines are. */
interface Quota {
  readonly day: string
  bytes: number
}

const make = Effect.fnUntraced(function*(options: Options) {
  const path = yield* Path.Path
  const at = path.join(options.dataDir, folder)
  const files = new FrameFiles(yield* FileSystem.FileSystem, path, at, options)
  const quotas = new WeakMap<FeedStats, Quota>()
  const some = Latch.makeUnsafe(false)
  const closing = Deferred.makeUnsafe<void>()
  let waiting: Array<Waiting> = []
  let waitingBytes = 0
  let failing = false

  const quotaOf = (stats: FeedStats, day: string): Quota => {
    const known = quotas.get(stats)
    if (known?.day === day) return known
    const quota = { day, bytes: 0 }
    quotas.set(stats, quota)
    return quota
  }

  const keep = (stats: FeedStats, receivedAtMicros: number, reason: string, bytes: Buffer) => {
    const day = dayOf(receivedAtMicros / 1000)
    const quota = quotaOf(stats, day)
    const size = Math.min(bytes.length, options.frameBytes)
    if (
      quota.bytes + size > options.fileBytes || waitingBytes + size > options.pendingBytes
      || waiting.length >= options.pendingFrames
    ) {
      stats.framesNotKept++
      return
    }
    quota.bytes += size
    waitingBytes += size
    waiting.push({
      stats,
      file: fileName(day, stats.feed.id),
      frame: {
        receivedAtMicros,
        connection: stats.connections,
        reason,
        frameBytes: bytes.length,
        bytes: beginningOf(bytes, options.frameBytes)
      }
    })
    some.openUnsafe()
  }

  /** Frames that the disk does not take are given up: no evidence is worth what waiting for it would cost. */
  const write = Effect.fnUntraced(function*(file: string, frames: ReadonlyArray<Waiting>) {
    const [{ stats }] = frames as readonly [Waiting]
    const lines = frames.map(({ frame }) => lineOf(frame))
    const kept = yield* files.append(file, lines).pipe(
      Effect.tap(() => {
        failing = false
        return Effect.void
      }),
      Effect.catch((error) => {
        const told = failing
        failing = true
        return Effect.as(
          told
            ? Effect.void
            : Effect.logWarning(
              `frames that could not be parsed are not kept in ${at}: ${errorText(error)}; recording goes on`
            ),
          null
        )
      })
    )
    stats.framesKept += kept ?? 0
    stats.framesNotKept += lines.length - (kept ?? 0)
    const quota = quotas.get(stats)
    if (quota?.day !== dayOfFile(file)) return
    if (kept === null) quota.bytes -= frames.reduce((sum, { frame }) => sum + frame.bytes.length, 0)
    // No room for a line: the day's file is full, and nothing more need be copied for it.
    else if (kept < lines.length) quota.bytes = Infinity
  })

  const writeAll = Effect.gen(function*() {
    while (true) {
      if (waiting.length === 0) {
        if (Deferred.isDoneUnsafe(closing)) return
        some.closeUnsafe()
        yield* some.await
        continue
      }
      const taken = waiting
      waiting = []
      waitingBytes = 0
      for (const [file, frames] of Map.groupBy(taken, (each) => each.file)) yield* write(file, frames)
    }
  })

  // Not bound to the scope, which would wait for a write that a dead disk never answers.
  const writer = yield* Effect.forkDetach(Background.restarted("the keeping of frames", writeAll))
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      yield* Deferred.succeed(closing, undefined)
      some.openUnsafe()
      yield* Effect.interruptible(Fiber.await(writer)).pipe(Effect.timeoutOption(options.flushWithin))
      writer.interruptUnsafe()
    })
  )
  return { keep }
})

/** Keeps them in files below `dataDir`. */
export const layer = (options: Partial<Options> & Pick<Options, "dataDir">) =>
  Layer.effect(UnparsedFrames, make({ ...defaults, ...options }))
