import { Cause, Context, type Duration, Effect, Fiber, FileSystem, Layer, Path, Queue, Semaphore } from "effect"
import { errorText } from "../runtime/errorText.ts"
import { Telemetry } from "../telemetry/Telemetry.ts"
import { Backlog } from "./Backlog.ts"
import type { ObjectStore } from "./ObjectStore.ts"
import * as sealedFiles from "./sealedFiles.ts"
import * as storeFile from "./storeFile.ts"
import * as StoreTrouble from "./StoreTrouble.ts"

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
  /** Counts the sealed files in the data folder. */
  readonly left: Effect.Effect<number>
}>()("ticklake/Uploader") {
  static readonly layer = (
    options: Partial<Options> & Pick<Options, "dataDir">
  ): Layer.Layer<Uploader, never, ObjectStore | Telemetry | FileSystem.FileSystem | Path.Path> =>
    Layer.effect(Uploader, make({ ...defaults, ...options }))
}

const make = Effect.fnUntraced(function*(options: Options) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const queue = yield* Queue.dropping<string, Cause.Done>(options.queueCapacity)
  const scanning = yield* Semaphore.make(1)
  /** Queued or being stored. */
  const waiting = new Set<string>()
  /** True when a path was dropped since the last scan. */
  let missed = false
  const { uploads: stats } = yield* Telemetry
  const backlog = new Backlog(stats)
  const trouble = StoreTrouble.make(stats, backlog)
  const store = yield* storeFile.make(options, stats, backlog, trouble)
  /** Files that have left the data folder. */
  const done = () => stats.stored + stats.setAside
  let doneAtScan = 0
  /** The last file that a scan with too many found had room for; null after one that had room for all. */
  let lastTaken: sealedFiles.SealedFile | null = null
  /** Folders that could not be read by the last scan. */
  let unreadable: ReadonlySet<string> = new Set()

  const offerUnsafe = (relativePath: string) => {
    if (waiting.has(relativePath)) return
    if (Queue.offerUnsafe(queue, relativePath)) {
      waiting.add(relativePath)
      stats.queueDepth++
    } else {
      missed = true
      stats.dropped++
    }
  }

  const offer = (relativePath: string) =>
    Effect.suspend(() => {
      const file = sealedFiles.parse(relativePath)
      if (file === null) {
        return Effect.logWarning(
          `${relativePath} is not the path of a sealed file: it is not stored and stays in ${options.dataDir}`
        )
      }
      backlog.add(file)
      offerUnsafe(relativePath)
      return Effect.void
    })

  const tellUnreadable = Effect.fnUntraced(function*(found: ReadonlyArray<sealedFiles.Unreadable>) {
    const before = unreadable
    unreadable = new Set(found.map(({ folder }) => folder))
    for (const { cause, folder } of found) {
      if (before.has(folder)) continue
      yield* Effect.logWarning(
        `${path.join(options.dataDir, folder)} could not be searched for sealed files: ${errorText(cause)}; `
          + "what is there is not stored until it can be read"
      )
    }
  })

  /** As many as there is room for, oldest first; where that is not all, from where the last scan ended, so that each has its turn. */
  const turn = (found: ReadonlyArray<sealedFiles.SealedFile>, room: number) => {
    const last = found.length > room ? lastTaken : null
    const from = last === null ? 0 : Math.max(0, found.findIndex((file) => sealedFiles.byAge(file, last) > 0))
    const taken = [...found.slice(from, from + room), ...found.slice(0, Math.max(0, from + room - found.length))]
    lastTaken = found.length > room ? taken.at(-1) ?? lastTaken : null
    return taken
  }

  const scan = scanning.withPermit(Effect.gen(function*() {
    missed = false
    doneAtScan = done()
    backlog.beginListing()
    const listed = yield* sealedFiles.search(fs, path, options.dataDir)
    backlog.endListing(listed)
    yield* tellUnreadable(listed.unreadable)
    const found = listed.files.filter((file) => backlog.has(file.path) && !waiting.has(file.path))
    const told = yield* trouble.report
    if (found.length > 0 && !told) yield* Effect.logInfo(`found ${found.length} sealed files to store`)
    // What does not fit is not lost by being left out: it is on disk, and the queue has enough to do.
    const room = options.queueCapacity - Queue.sizeUnsafe(queue)
    for (const file of turn(found, room)) offerUnsafe(file.path)
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
      Effect.ensuring(Effect.sync(() => waiting.delete(relativePath)))
    )

  const worker = Queue.take(queue).pipe(
    Effect.flatMap(storeOnce),
    // Where nothing could be stored, the next scan would find the same files for the same failure.
    Effect.andThen(Effect.suspend(() => missed && waiting.size === 0 && done() > doneAtScan ? scan : Effect.void)),
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
    })
  )
  return Uploader.of({
    offer,
    left: sealedFiles.search(fs, path, options.dataDir).pipe(Effect.map(({ files }) => files.length), Effect.orDie)
  })
})
