import { Clock, Effect, FileSystem, Layer, Path, Schedule, Schema } from "effect"
import * as durableFolder from "../runtime/durableFolder.ts"
import { errorText } from "../runtime/errorText.ts"
import { quantity } from "../runtime/quantity.ts"
import { Telemetry } from "../telemetry/Telemetry.ts"
import * as CheckpointLog from "./CheckpointLog.ts"
import * as fileNames from "./fileNames.ts"
import { type Finishing, finishOpenFile, persistMoved } from "./finishOpenFile.ts"
import { journalFolder } from "./Journal.ts"
import type * as journalSurvey from "./journalSurvey.ts"
import * as MemoryKeeper from "./MemoryKeeper.ts"
import * as Quarantine from "./Quarantine.ts"
import { quarantinedFiles } from "./quarantinedFiles.ts"
import type { Unfinished } from "./openFolderSurvey.ts"
import { tellLostFiles } from "./lostFiles.ts"
import { type Survey, survey } from "./recoverySurvey.ts"
import { replay } from "./replay.ts"
import * as SealedFolder from "./SealedFolder.ts"
import * as StateFile from "./StateFile.ts"
import * as sinkSettings from "./sinkSettings.ts"

/** What a crash left could not be put in order now; nothing of it is lost, and it can be tried again. */
export class RecoveryError extends Schema.TaggedError<RecoveryError>()("RecoveryError", {
  dataDir: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `what the last run left in ${this.dataDir} could not be put in order: ${errorText(this.cause)}`
  }
}

/** So many files are named; of more, their number says enough. */
const named = 3

/** Reminds of what earlier starts set aside: nobody looks at it again by itself. */
const tellQuarantined = (files: ReadonlyArray<string>): Effect.Effect<void> =>
  files.length === 0
    ? Effect.void
    : Effect.logWarning(
      `${quantity(files.length, "file")} set aside earlier: ${files.slice(0, named).join(", ")}${
        files.length > named ? ", ..." : ""
      }; the .reason.txt beside each says why. Remove what you are done with`
    )

export type Options = Partial<sinkSettings.Options> & Pick<sinkSettings.Options, "dataDir"> & {
  /** How the venue's numbers show holes in a series, which each file says; null where that is not known. */
  readonly ruleOf?: Finishing["ruleOf"]
}

/** Takes out of what is known of sealed files those which have not got their final name: they are sealed anew, or not at all. */
const settleStates = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, folder: string, found: Survey) {
  for (const unfinished of found.states.unfinished) yield* fs.remove(unfinished)
  for (const [id, { known, sealing }] of found.states.states) {
    if (sealing === null || !found.unsealed.has(sealing.openName)) continue
    yield* StateFile.write(fs, folder, id, { known, sealing: null })
  }
})

/**
 * Brings every durable row that an earlier process left below `dataDir` into exactly one sealed file, and sets aside what it
 * does not understand. Nobody else may work there meanwhile. Afterwards there is neither a journal nor an open file, and the
 * disk knows it. Interrupted at any point, it can be run again.
 */
export const recover = Effect.fn("Recovery.recover")(function*(given: Options) {
  const options = { ...sinkSettings.defaults, ...given }
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { storage: stats } = yield* Telemetry
  const openFolder = path.join(options.dataDir, fileNames.openFolder)
  const segmentsFolder = path.join(options.dataDir, journalFolder)
  const statesFolder = path.join(options.dataDir, StateFile.stateFolder)
  const quarantine = Quarantine.make(fs, path, options.dataDir, stats)
  const sealed = yield* SealedFolder.make(options.dataDir)
  const keepers = MemoryKeeper.make(fs, path, options.dataDir)
  const finishing: Finishing = { fs, path, sealed, keepers, ruleOf: given.ruleOf ?? (() => null) }
  const startedAt = yield* Clock.currentTimeMillis
  const root = path.dirname(options.dataDir)
  for (const folder of [openFolder, segmentsFolder, statesFolder]) {
    yield* durableFolder.ensureBelow(fs, path, root, folder, new Set())
  }

  // What a killed process removed, and the disk does not know of yet, must not come back once something was built on that.
  for (const folder of [openFolder, segmentsFolder, statesFolder]) yield* durableFolder.sync(fs, folder)
  yield* quarantine.settle
  yield* tellQuarantined(yield* quarantinedFiles(fs, path, options.dataDir))
  const found = yield* survey(options.dataDir)
  for (const finding of found.openFiles) if (finding.kind === "moved") yield* persistMoved(sealed, finding)
  // While the open files still tell which of them were sealed.
  yield* settleStates(fs, statesFolder, found)
  for (const oddity of [...found.oddities, ...found.states.oddities]) yield* quarantine.move(oddity)
  // While they stand where the next start, should this one be ended, finds them again.
  yield* tellLostFiles(fs, path, statesFolder, found)
  const unfinished = new Map<string, Array<Unfinished>>()
  for (const finding of found.openFiles) {
    if (finding.kind === "odd") { for (const oddity of finding.oddities) yield* quarantine.move(oddity) }
    if (finding.kind === "empty") {
      for (const empty of finding.paths) yield* Effect.andThen(fs.remove(empty), durableFolder.sync(fs, openFolder))
    }
    if (finding.kind !== "unfinished") continue
    if (finding.damage !== null) {
      yield* quarantine.copy({ path: finding.path, kind: "openFile", reason: finding.damage })
    }
    const { id } = finding.about.series
    unfinished.set(id, [...(unfinished.get(id) ?? []), finding])
  }
  let files = 0
  let rows = 0
  const finish = Effect.fnUntraced(function*(file: Unfinished) {
    const finished = yield* finishOpenFile(finishing, file)
    files++
    rows += finished.rows
    yield* options.onSealed(finished.relativePath)
  })
  // It is the disk that is waited for. Those of a series in their order, for each names the one before it.
  yield* Effect.forEach(unfinished.values(), (ofSeries) => Effect.forEach(ofSeries, finish, { discard: true }), {
    concurrency: sinkSettings.sealConcurrency,
    discard: true
  })
  const replayed = yield* replay(found, options, finishing)
  if (replayed.unwritten > 0) {
    const cause = new Error(
      `${replayed.unwritten} rows could not be written, which the lines above explain; they stay in the journal`
    )
    return yield* new RecoveryError({ dataDir: options.dataDir, cause })
  }

  const keep = (segment: journalSurvey.Segment) =>
    segment.damage ?? (replayed.unencodable === 0 ? null : "Some rows of the journal cannot be written to a file.")
  // Oldest first, each known to the disk before the next: what a segment says of older ones must not go before them.
  for (const segment of found.segments) {
    const reason = keep(segment)
    if (segment.tornBytes > 0) {
      yield* Effect.logInfo(`${segment.path} ends with ${segment.tornBytes} bytes of a write that was cut short`)
    }
    yield* reason === null
      ? Effect.andThen(fs.remove(segment.path), durableFolder.sync(fs, segmentsFolder))
      : quarantine.move({ path: segment.path, kind: "segment", reason })
  }
  // Only now: as long as there is a journal, they tell which of its rows are in sealed files.
  for (const name of yield* fs.readDirectory(openFolder)) {
    if (CheckpointLog.fileOf(name) !== null) yield* fs.remove(path.join(openFolder, name))
  }
  // Also where nothing was removed: what an earlier process removed could come back, and its numbers are used again.
  yield* durableFolder.sync(fs, openFolder)
  yield* durableFolder.sync(fs, segmentsFolder)

  stats.quarantineFiles = (yield* quarantinedFiles(fs, path, options.dataDir)).length
  stats.rowsRecovered += replayed.rows
  stats.filesRecovered += files
  const millis = (yield* Clock.currentTimeMillis) - startedAt
  if (files > 0 || replayed.rows > 0) {
    yield* Effect.logInfo(
      `recovered what the last run left: ${files} open files with ${rows} rows finished, ` +
        `${replayed.rows} rows taken from the journal, in ${millis} ms`
    )
  }
}, (effect, { dataDir }) =>
  Effect.mapError(
    effect,
    (cause) => cause._tag === "RecoveryError" ? cause : new RecoveryError({ dataDir, cause })
  ))

/** Recovers before anything that depends on it, and tries for as long as the disk does not let it: there is room again one day. */
export const layer = (options: Options) =>
  Layer.effectDiscard(
    recover(options).pipe(
      Effect.tapError((error) =>
        Effect.logError(`${error.message}; nothing is recorded until that works, it is tried again every 5 s`)
      ),
      Effect.retry(Schedule.spaced("5 seconds"))
    )
  )
