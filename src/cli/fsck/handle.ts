import { Console, Effect, FileSystem, Layer, Option, Runtime, Schema } from "effect"
import type { Config } from "../../config/Config.ts"
import { loadConfig } from "../../config/loadConfig.ts"
import { ruleOf } from "../../exchanges/ruleOf.ts"
import { DataFolderLock, lockFolder } from "../../runtime/DataFolderLock.ts"
import { errorText } from "../../runtime/errorText.ts"
import { quantity } from "../../runtime/quantity.ts"
import { openFolder } from "../../sinks/fileNames.ts"
import { journalFolder } from "../../sinks/Journal.ts"
import * as Recovery from "../../sinks/Recovery.ts"
import * as Logging from "../../telemetry/Logging.ts"
import { stateFolder } from "../../sinks/StateFile.ts"
import { Telemetry } from "../../telemetry/Telemetry.ts"
import { notations } from "../notations.ts"
import { inspect, type Line } from "./folderReport.ts"

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

/** Something could not be read, so that nobody knows whether it is sound. */
export class Unread extends Schema.TaggedError<Unread>()("Unread", { count: Schema.Int }) {
  override readonly [Runtime.errorExitCode] = 2

  override get message() {
    return `${quantity(this.count, "place")} could not be read, and may be sound or not: let this user read there, ` +
      "or look at the disk where that is not what was said"
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

/** There is a folder, and no recorder has worked in it. */
export class NoDataFolder extends Schema.TaggedError<NoDataFolder>()("NoDataFolder", {
  path: Schema.String,
  sealedFiles: Schema.Int
}) {
  override readonly [Runtime.errorExitCode] = 2

  override get message() {
    const found = this.sealedFiles === 0
      ? "holds nothing of ticklake's"
      : "holds sealed files, as an archive does, but neither a journal nor open files, so there is nothing to repair"
    return `${this.path} ${found}: name the data_dir of a recorder`
  }
}

/** What a recorder makes in its data folder and leaves there. */
const ownFolders: ReadonlySet<string> = new Set([lockFolder, journalFolder, openFolder, stateFolder])

/** What can be done about a damaged sealed file. */
const advice = (config: Config | null): string => {
  const archive = config === null || config.storage.mode === "s3"
    ? "the archive folder (local_path)"
    : config.storage.localPath
  const bucket = config === null || config.storage.mode === "local" ? "the bucket" : `the bucket ${config.aws.bucket}`
  return "The bytes of a damaged sealed file are gone, and --repair changes no sealed file. A whole copy may be under the same path in " +
    `${archive}, in ${bucket}, or with another recorder: put it in place. Without one, move the file out of the data folder, so ` +
    "that it is not stored as it is, and read the row groups that are whole."
}

/** What the command line says. */
interface Input {
  readonly path: Option.Option<string>
  readonly config: Option.Option<string>
  readonly repair: boolean
}

/** Fails where something is damaged or could not be read. */
const verdict = Effect.fnUntraced(function*(lines: ReadonlyArray<Line>) {
  const count = (wanted: Line["state"]) => lines.filter(({ state }) => state === wanted).length
  if (count("DAMAGED") > 0) return yield* new Damaged({ count: count("DAMAGED") })
  if (count("UNREAD") > 0) return yield* new Unread({ count: count("UNREAD") })
})

/** Says what is sound below a data folder and what is not, and with `repair` puts it in order. */
export const handle = Effect.fnUntraced(function*({ config: configPath, path, repair }: Input) {
  const isPathAlone = Option.isSome(path) && Option.isNone(configPath)
  // What is only read needs no configuration; what is written goes where the recorder of this machine would have put it.
  const config = isPathAlone && !repair
    ? null
    : yield* loadConfig({
      path: Option.getOrNull(configPath),
      notations,
      fileMayBeMissing: isPathAlone,
      recordsNothing: true
    })
  const dataDir = Option.getOrElse(path, () => config?.storage.dataDir ?? ".")
  const fs = yield* FileSystem.FileSystem
  const names = yield* Effect.mapError(fs.readDirectory(dataDir), (cause) => new NoFolder({ path: dataDir, cause }))
  const { damagedSealed, lines, sealed, work } = yield* inspect(dataDir)
  const recordedIn = names.some((name) => ownFolders.has(name))
  const anyUnread = lines.some(({ state }) => state === "UNREAD")
  if (!recordedIn && (repair || (sealed === 0 && !anyUnread))) {
    return yield* new NoDataFolder({ path: dataDir, sealedFiles: sealed })
  }
  for (const { state, text } of lines) yield* Console.log(`${state.padEnd(8)} ${text}`)
  if (damagedSealed > 0) yield* Console.log(`\n${advice(isPathAlone ? null : config)}\n`)
  if (repair) {
    yield* Effect.scoped(
      Layer.build(DataFolderLock.layer(dataDir)).pipe(
        Effect.andThen(Recovery.recover({
          dataDir,
          homeServerName: config?.aws.homeServerName ?? null,
          ruleOf: ruleOf(config?.allFeeds ?? [])
        })),
        Effect.provide([Telemetry.layer, Logging.layerConsole("Info")])
      )
    )
    yield* verdict((yield* inspect(dataDir)).lines)
    if (work) return yield* new WorkLeft({ repaired: true })
    return
  }
  yield* verdict(lines)
  if (work) return yield* new WorkLeft({ repaired: false })
})
