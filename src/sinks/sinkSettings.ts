import { Duration, Effect, FileSystem, Path, Semaphore } from "effect"
import type { SinkStats } from "../telemetry/SinkStats.ts"
import { Telemetry } from "../telemetry/Telemetry.ts"
import * as fileNames from "./fileNames.ts"
import { MemoryBudget } from "./MemoryBudget.ts"
import type { MemoryKeepers } from "./MemoryKeeper.ts"
import * as SealedFolder from "./SealedFolder.ts"
import type { SealSettings } from "./sealFile.ts"
import type { Limits } from "./SeriesBuffer.ts"
import { type LostRows, SinkError } from "./Sink.ts"

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

/** What a series' sink works with. */
export interface Settings extends Limits, SealSettings {
  readonly maxFileBytes: number
  readonly retryMillis: number
  readonly stats: SinkStats
  readonly budget: MemoryBudget
  /** Writes a row group when not too many others are being written, by whatever sink. */
  readonly writing: <A, E, R>(write: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Told of rows that are in no file and will be in none. */
  readonly onLost: (rows: LostRows) => void
  readonly onSealed: (relativePath: string) => Effect.Effect<void>
  /** Does writing that has become due, or starts it. */
  readonly write: (work: Effect.Effect<void>) => Effect.Effect<void>
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

/** What one sink has for itself. */
type Own = Pick<Settings, "counts" | "finishedBy" | "onLost" | "rule" | "series" | "stats" | "stream">

/** Row groups are written this many at a time: each is in memory as columns, and once more as it will stand in its file. */
const writeConcurrency = 8

/** Files are sealed this many at a time: each reads back what its row groups are, some 60 kB of objects for each of them. */
export const sealConcurrency = 8

/** What sinks share that work on one data folder together; answers the settings of each of them. */
export const shared = Effect.fnUntraced(function*(options: Options, keepers: MemoryKeepers, write: Settings["write"]) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { storage: { disk } } = yield* Telemetry
  const openFolder = path.join(options.dataDir, fileNames.openFolder)
  yield* fs.makeDirectory(openFolder, { recursive: true }).pipe(
    Effect.mapError((cause) =>
      new SinkError({ series: "storage", operation: `create the folder ${openFolder}`, cause })
    )
  )
  const writers = yield* Semaphore.make(writeConcurrency)
  const writing: Settings["writing"] = (write) => writers.withPermit(disk.during(write))
  const common = {
    homeServerName: options.homeServerName,
    openFolder,
    zstdLevel: options.zstdLevel,
    maxFileBytes: options.maxFileBytes,
    rowGroupRows: options.rowGroupRows,
    rowGroupBytes: options.rowGroupBytes,
    maxFileAgeMillis: Duration.toMillis(options.maxFileAge),
    retryMillis: Duration.toMillis(options.retryEvery),
    budget: new MemoryBudget(options.memoryBudgetBytes),
    sealed: yield* SealedFolder.make(options.dataDir),
    writing,
    sealing: yield* Semaphore.make(sealConcurrency),
    onSealed: options.onSealed,
    write
  }
  return Effect.fnUntraced(function*(own: Own) {
    const { series } = own
    const folder = yield* Effect.fromResult(fileNames.sealedFolder(series, options.homeServerName)).pipe(
      Effect.mapError((cause) => new SinkError({ series: series.id, operation: "name its files", cause }))
    )
    const memory = yield* Effect.mapError(
      keepers(series),
      (cause) => new SinkError({ series: series.id, operation: "read what is known of its files", cause })
    )
    const settings: Settings = { ...common, ...own, folder, memory }
    return settings
  })
})
