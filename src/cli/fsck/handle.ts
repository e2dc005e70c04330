import { Console, Effect, FileSystem, Layer, Option, Path, Runtime, Schema } from "effect"
import { loadConfig } from "../../config/loadConfig.ts"
import { claims, DataFolderLock } from "../../runtime/DataFolderLock.ts"
import { errorText } from "../../runtime/errorText.ts"
import * as fileNames from "../../sinks/fileNames.ts"
import * as Recovery from "../../sinks/Recovery.ts"
import { type Survey, survey } from "../../sinks/recoverySurvey.ts"
import { checkFile } from "../../sinks/sealedCheck.ts"
import * as Logging from "../../telemetry/Logging.ts"
import { Telemetry } from "../../telemetry/Telemetry.ts"
import { notations } from "../notations.ts"

/** A crash left something that a start puts in order. */
export class WorkLeft extends Schema.TaggedError<WorkLeft>()("WorkLeft", { repaired: Schema.Boolean }) {
  override readonly [Runtime.errorExitCode] = 1

  override get message() {
    return this.repaired
      ? "put in order"
      : "the next start of the recorder puts this in order, or `ticklake fsck --repair` does it now"
  }
}

/** Something has not the bytes that were written. */
export class Damaged extends Schema.TaggedError<Damaged>()("Damaged", { count: Schema.Int }) {
  override readonly [Runtime.errorExitCode] = 2

  override get message() {
    return `${this.count} ${this.count === 1 ? "file is" : "files are"} not sound`
  }
}

/** There is no folder to check. */
export class NoFolder
  extends Schema.TaggedError<NoFolder>()("NoFolder", { path: Schema.String, cause: Schema.Defect() })
{
  override readonly [Runtime.errorExitCode] = 2

  override get message() {
    return `${this.path} is no folder that can be read (${errorText(this.cause)}): name the data_dir of a recorder`
  }
}

/** One line of the report. */
interface Line {
  readonly state: "sound" | "to do" | "DAMAGED"
  readonly text: string
}

/** What a crash left in a data folder, and what is done with it, one line a file. */
const describe = (found: Survey): ReadonlyArray<Line> => [
  ...found.openFiles.flatMap((finding): ReadonlyArray<Line> => {
    switch (finding.kind) {
      case "unfinished": {
        const rows = finding.groups.reduce((sum, { metadata }) => sum + metadata.num_rows.toNumber(), 0)
        const todo: Line = {
          state: "to do",
          text: `${finding.path}: an open file; its ${rows} rows on disk get sealed`
        }
        return finding.damage === null
          ? [todo]
          : [todo, { state: "DAMAGED", text: `${finding.path}: ${finding.damage}` }]
      }
      case "moved":
        return [{ state: "to do", text: `${finding.checkpoints}: checkpoints of a sealed file; they are removed` }]
      case "empty":
        return finding.paths.map((path) => ({ state: "to do", text: `${path}: without rows; it is removed` }))
      case "odd":
        return finding.oddities.map(({ path, reason }) => ({
          state: "DAMAGED",
          text: `${path}: ${reason} It is set aside in quarantine.`
        }))
    }
  }),
  ...found.segments.map(({ bytes, damage, path, tornBytes }): Line =>
    damage !== null
      ? { state: "DAMAGED", text: `${path}: ${damage} It is set aside in quarantine.` }
      : {
        state: "to do",
        text: `${path}: a journal segment of ${bytes} bytes` +
          (tornBytes === 0 ? "" : `, the last ${tornBytes} of a write that was cut short`)
      }
  ),
  ...found.oddities.map(({ path, reason }): Line => ({ state: "DAMAGED", text: `${path}: ${reason}` }))
]

/** Checks every sealed file below `dataDir`. */
const checkSealed = Effect.fnUntraced(function*(dataDir: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const lines: Array<Line> = []
  let files = 0
  let rows = 0
  for (const name of (yield* fs.readDirectory(dataDir, { recursive: true })).toSorted()) {
    if (fileNames.parseSealedPath(name) === null) continue
    const outcome = yield* Effect.result(checkFile(fs, path.join(dataDir, name)))
    if (outcome._tag === "Failure") {
      lines.push({ state: "DAMAGED", text: `${path.join(dataDir, name)}: ${outcome.failure.message}` })
      continue
    }
    files++
    rows += outcome.success.rows
  }
  const sound: Line = { state: "sound", text: `${files} sealed files with ${rows} rows` }
  return [sound, ...lines]
})

/** What `fsck` finds below `dataDir`; changes nothing. */
const inspect = Effect.fnUntraced(function*(dataDir: string) {
  const owner = (yield* claims(dataDir)).find(({ dead }) => !dead)
  const sealed = yield* checkSealed(dataDir)
  if (owner !== undefined) {
    const text = `process ${owner.pid} on ${owner.host} records here: its journal and open files are not judged`
    return { lines: [...sealed, { state: "sound", text } satisfies Line], work: false }
  }
  const found = yield* survey(dataDir)
  const rows: ReadonlyArray<Line> = found.rowsInJournalAlone === 0
    ? []
    : [{ state: "to do", text: `${found.rowsInJournalAlone} rows that only the journal has get files of their own` }]
  const left = describe(found)
  return { lines: [...sealed, ...left, ...rows], work: left.length > 0 }
})

/** What the command line says. */
interface Input {
  readonly path: Option.Option<string>
  readonly config: Option.Option<string>
  readonly repair: boolean
}

/** Says what is sound below a data folder and what is not, and with `repair` puts it in order. */
export const handle = Effect.fnUntraced(function*({ config: configPath, path, repair }: Input) {
  const config = Option.isSome(path) && Option.isNone(configPath)
    ? null
    : yield* loadConfig({ path: Option.getOrNull(configPath), notations })
  const dataDir = Option.getOrElse(path, () => config?.storage.dataDir ?? ".")
  const fs = yield* FileSystem.FileSystem
  yield* Effect.mapError(fs.readDirectory(dataDir), (cause) => new NoFolder({ path: dataDir, cause }))
  const { lines, work } = yield* inspect(dataDir)
  for (const { state, text } of lines) yield* Console.log(`${state.padEnd(8)} ${text}`)
  const damaged = lines.filter(({ state }) => state === "DAMAGED").length
  if (repair) {
    yield* Effect.scoped(
      Layer.build(DataFolderLock.layer(dataDir)).pipe(
        Effect.andThen(Recovery.recover({ dataDir, homeServerName: config?.aws.homeServerName ?? null })),
        Effect.provide([Telemetry.layer, Logging.layerConsole("Info")])
      )
    )
    const unsealed = yield* inspect(dataDir)
    const still = unsealed.lines.filter(({ state }) => state === "DAMAGED").length
    if (still > 0) return yield* new Damaged({ count: still })
    if (work) return yield* new WorkLeft({ repaired: true })
    return
  }
  if (damaged > 0) return yield* new Damaged({ count: damaged })
  if (work) return yield* new WorkLeft({ repaired: false })
})
