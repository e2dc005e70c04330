import { Cause, Context, type Duration, Effect, Fiber, FileSystem, Layer, type Path, Queue, Semaphore } from "effect"
import { Telemetry } from "../telemetry/Telemetry.ts"
import { Backlog } from "./Backlog.ts"
import type { ObjectStore } from "./ObjectStore.ts"
import * as sealedFiles from "./sealedFiles.ts"
import * as storeFile from "./storeFile.ts"

/** How sealed files are brought to the store. */
export interface Options {
  readonly dataDir: string
  readonly queueCapacity: number
  /** Files stored at a time. */
  readonly concurrency: number
  /** For one file, before it is left to the next scan. */
  readonly maxAttempts: number
  readonly initialRetryDelay: Duration.Input
  readonly maxRetryDelay: Duration.Input
  /** How often the data folder is searched for files that are in no queue. */
  readonly scanEvery: Duration.Input
  /** How long the end of the scope waits for what is queued. */
  readonly drainWithin: Duration.Input
}

/** What holds unless the configuration says otherwise. */
export const defaults: Omit<Options, "dataDir"> = {
  queueCapacity: 1000,
  concurrency: 2,
  maxAttempts: 5,
  initialRetryDelay: "1 second",
  maxRetryDelay: "30 seconds",
  scanEvery: "5 minutes",
  drainWithin: "60 seconds"
}

/** Brings sealed files to the object store and removes them here once they are proven to be there. */
export class Uploader extends Context.Service<Uploader, {
  /** Queues a sealed file by its path relative to the data folder; never waits. */
  readonly offer: (relativePath: string) => Effect.Effect<void>
}>()("ticklake/Uploader") {
  static readonly layer = (
    options: Partial<Options> & Pick<Options, "dataDir">
  ): Layer.Layer<Uploader, never, ObjectStore | Telemetry | FileSystem.FileSystem | Path.Path> =>
    Layer.effect(Uploader, make({ ...defaults, ...options }))
}

const make = Effect.fnUntraced(function*(options: Options) {
  const fs = yield* FileSystem.FileSystem
  const queue = yield* Queue.dropping<string, Cause.Done>(options.queueCapacity)
  const scanning = yield* Semaphore.make(1)
  /** Queued or being stored. */
  const waiting = new Set<string>()
  /** True when a path was dropped since the last scan. */
  let missed = false
  const { uploads: stats } = yield* Telemetry
  const backlog = new Backlog(stats)
  const store = yield* storeFile.make(options, stats, backlog)

  const offerUnsafe = (relativePath: string) => {
    if (waiting.has(relativePath)) return
    if (Queue.offerUnsafe(queue, relativePath)) {
      waiting.add(relativePath)
      stats.waiting++
      stats.queueDepth++
    } else {
      missed = true
      stats.dropped++
    }
  }

  const offer = (relativePath: string) =>
    Effect.suspend(() => {
      if (!sealedFiles.isSealedPath(relativePath)) {
        return Effect.logWarning(
          `${relativePath} is not the path of a sealed file: it is not stored and stays in ${options.dataDir}`
        )
      }
      backlog.add(relativePath)
      offerUnsafe(relativePath)
      return Effect.void
    })

  const scan = scanning.withPermit(Effect.gen(function*() {
    missed = false
    backlog.beginListing()
    const listed = yield* sealedFiles.list(fs, options.dataDir)
    backlog.endListing(listed)
    const found = listed.filter((file) => backlog.has(file) && !waiting.has(file))
    if (found.length > 0) yield* Effect.logInfo(`found ${found.length} sealed files to store`)
    // What does not fit is not lost by being left out: it is on disk, and the queue has enough to do.
    const room = options.queueCapacity - Queue.sizeUnsafe(queue)
    for (const file of found.slice(0, room)) offerUnsafe(file)
    missed = missed || found.length > room
  })).pipe(
    Effect.catchCauseIf(
      (cause) => !Cause.hasInterruptsOnly(cause),
      (cause) => Effect.logError(`${options.dataDir} could not be searched for sealed files; it is tried again`, cause)
    )
  )

  const storeOnce = (relativePath: string) =>
    Effect.suspend(() => {
      stats.queueDepth--
      return store(relativePath)
    }).pipe(
      Effect.ensuring(Effect.sync(() => {
        waiting.delete(relativePath)
        stats.waiting--
      }))
    )

  const worker = Queue.take(queue).pipe(
    Effect.flatMap(storeOnce),
    Effect.andThen(Effect.suspend(() => missed && waiting.size === 0 ? scan : Effect.void)),
    Effect.forever,
    Effect.catchTag("Done", () => Effect.void)
  )
  const workers = yield* Effect.forEach(
    Array.from({ length: options.concurrency }),
    () => Effect.forkScoped(worker)
  )
  yield* scan.pipe(Effect.andThen(Effect.sleep(options.scanEvery)), Effect.forever, Effect.forkScoped)

  // Registered after the workers, so that it runs before they are interrupted.
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      yield* Queue.end(queue)
      yield* Fiber.awaitAll(workers).pipe(Effect.timeoutOption(options.drainWithin))
      if (waiting.size === 0) return
      yield* Effect.logWarning(
        `${waiting.size} sealed files are not stored yet, what is under way is broken off; the next start finds them in `
          + options.dataDir
      )
    })
  )
  return Uploader.of({ offer })
})
