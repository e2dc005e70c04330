import { Cause, Duration, Effect, FiberSet, FileSystem, Layer, Path } from "effect"
import type { Feed } from "../domain/Feed.ts"
import { Telemetry } from "../telemetry/Telemetry.ts"
import * as FeedSink from "./FeedSink.ts"
import { envelope, fileMetadata } from "./fileFormat.ts"
import * as fileNames from "./fileNames.ts"
import { MemoryBudget } from "./MemoryBudget.ts"
import * as SealedFolder from "./SealedFolder.ts"
import { SinkError, Sinks } from "./Sink.ts"

/** How Parquet files are written, and when they end. */
export interface Options {
  /** Sealed files stand below this folder, open ones in its `.open`. */
  readonly dataDir: string
  /** An extra folder below each feed, which tells redundant recorders apart. */
  readonly homeServerName: string | null
  /** A file ends when its first row is this old. */
  readonly maxFileAge: Duration.Input
  /** A file ends with the row group that brings it to this size. */
  readonly maxFileBytes: number
  readonly rowGroupRows: number
  /** Before compression. */
  readonly rowGroupBytes: number
  /** For the rows of all feeds together that are not yet written. */
  readonly memoryBudgetBytes: number
  readonly zstdLevel: number
  /** How often ages are looked at. */
  readonly checkEvery: Duration.Input
  /** How long a failed write waits for the next attempt. */
  readonly retryEvery: Duration.Input
  /**
   * Whether row groups are written beside whoever brings rows, which come from a queue that must not fill up meanwhile, or
   * before `append` returns.
   */
  readonly writeBeside: boolean
  /** Told the path of each sealed file, relative to `dataDir`. */
  readonly onSealed: (relativePath: string) => Effect.Effect<void>
}

const mebibyte = 1024 * 1024

/** What holds unless the configuration says otherwise. */
export const defaults: Omit<Options, "dataDir"> = {
  homeServerName: null,
  maxFileAge: "1 hour",
  maxFileBytes: 500 * mebibyte,
  rowGroupRows: 10_000,
  rowGroupBytes: 8 * mebibyte,
  memoryBudgetBytes: 64 * mebibyte,
  zstdLevel: 1,
  checkEvery: "1 second",
  retryEvery: "1 second",
  writeBeside: true,
  onSealed: () => Effect.void
}

/** Files that end in the same second are sealed this many at a time. */
const sealConcurrency = 8

/** One sink's bug must not keep the others from being checked. */
const logBug = (work: Effect.Effect<void>): Effect.Effect<void> =>
  work.pipe(
    Effect.catchCauseIf(
      (cause) => !Cause.hasInterruptsOnly(cause),
      (cause) => Effect.logError("a bug ended the writing of a sink; it is tried again with the next check", cause)
    )
  )

const make = Effect.fnUntraced(function*(options: Options) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const telemetry = yield* Telemetry
  const openFolder = path.join(options.dataDir, fileNames.openFolder)
  yield* fs.makeDirectory(openFolder, { recursive: true }).pipe(
    Effect.mapError((cause) => new SinkError({ feed: "storage", operation: `create the folder ${openFolder}`, cause }))
  )
  const writes = yield* FiberSet.make<void>()
  const shared = {
    openFolder,
    zstdLevel: options.zstdLevel,
    maxFileBytes: options.maxFileBytes,
    rowGroupRows: options.rowGroupRows,
    rowGroupBytes: options.rowGroupBytes,
    maxFileAgeMillis: Duration.toMillis(options.maxFileAge),
    retryMillis: Duration.toMillis(options.retryEvery),
    budget: new MemoryBudget(options.memoryBudgetBytes),
    sealed: yield* SealedFolder.make(options.dataDir),
    onSealed: options.onSealed,
    write: (work: Effect.Effect<void>) => options.writeBeside ? Effect.asVoid(FiberSet.run(writes, logBug(work))) : work
  }
  const sinks = new Set<FeedSink.FeedSink>()

  yield* Effect.suspend(() =>
    Effect.forEach([...sinks], (sink) => logBug(sink.tick), { concurrency: sealConcurrency, discard: true })
  ).pipe(
    Effect.delay(options.checkEvery),
    Effect.forever,
    Effect.forkScoped
  )

  const open = Effect.fn("Sinks.open")(function*(feed: Feed) {
    const folder = yield* Effect.fromResult(fileNames.sealedFolder(feed, options.homeServerName)).pipe(
      Effect.mapError((cause) => new SinkError({ feed: feed.id, operation: "name its files", cause }))
    )
    return yield* Effect.acquireRelease(
      FeedSink.make({
        ...shared,
        feed,
        folder,
        envelope: envelope(feed.dataType, fileMetadata(feed, options.homeServerName)),
        stats: telemetry.stats(feed)
      }).pipe(Effect.tap((sink) => Effect.sync(() => sinks.add(sink)))),
      (sink) => Effect.andThen(Effect.sync(() => sinks.delete(sink)), sink.close)
    )
  })
  return Sinks.of({
    open: (feed) =>
      open(feed).pipe(
        Effect.provideService(FileSystem.FileSystem, fs),
        Effect.provideService(Path.Path, path)
      )
  })
})

/** Sinks that write Parquet files below `options.dataDir`. */
export const layer = (
  options: Partial<Options> & Pick<Options, "dataDir">
): Layer.Layer<Sinks, SinkError, FileSystem.FileSystem | Path.Path | Telemetry> =>
  Layer.effect(Sinks, make({ ...defaults, ...options }))
