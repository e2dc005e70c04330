import { Effect, FileSystem, Path, type PlatformError, Schema } from "effect"
import { Venue } from "../../domain/Venue.ts"
import { claims } from "../../runtime/DataFolderLock.ts"
import { errorText } from "../../runtime/errorText.ts"
import { number, quantity } from "../../runtime/quantity.ts"
import * as fileNames from "../../sinks/fileNames.ts"
import type { Oddity } from "../../sinks/Quarantine.ts"
import { quarantinedFiles } from "../../sinks/quarantinedFiles.ts"
import { notReadable } from "../../sinks/readableNames.ts"
import { type Survey, survey } from "../../sinks/recoverySurvey.ts"
import type { Readable, UnsoundFile } from "../../sinks/footer.ts"
import { checkFile } from "../../sinks/sealedCheck.ts"
import * as UnparsedFrames from "../../telemetry/UnparsedFrames.ts"
import { filesBelow } from "../inspect/filesBelow.ts"

/** One line of the report. */
export interface Line {
  /** `UNREAD` is what could not be read, so that it may be sound or not. */
  readonly state: "sound" | "to do" | "aside" | "UNREAD" | "DAMAGED"
  readonly text: string
}

const setAside = ({ path, reason }: Oddity): Line =>
  reason === notReadable
    ? { state: "UNREAD", text: `${path}: this user may not read it; a start as this user would set it aside` }
    : { state: "DAMAGED", text: `${path}: ${reason} It is set aside in quarantine.` }

/** What a crash left in a data folder, and what is done with it, one line a file. */
const describe = (found: Survey): ReadonlyArray<Line> => [
  ...found.openFiles.flatMap((finding): ReadonlyArray<Line> => {
    switch (finding.kind) {
      case "unfinished": {
        const rows = finding.groups.reduce((sum, { metadata }) => sum + metadata.rows, 0)
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
        return finding.oddities.map(setAside)
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
  ...found.oddities.map((oddity): Line =>
    oddity.reason === notReadable
      ? setAside(oddity)
      : { state: "DAMAGED", text: `${oddity.path}: ${oddity.reason}` }
  ),
  ...found.states.oddities.map(setAside),
  ...found.states.unfinished.map((path): Line => ({
    state: "to do",
    text: `${path}: of a write that was cut short; it is removed`
  }))
]

/** Numbers of row groups with those that follow each other drawn together: `0-2, 5`. */
const ranges = (numbers: ReadonlyArray<number>): string => {
  const drawn: Array<[number, number]> = []
  for (const each of numbers) {
    const last = drawn.at(-1)
    if (last !== undefined && last[1] === each - 1) last[1] = each
    else drawn.push([each, each])
  }
  return drawn.map(([first, last]) => first === last ? String(first) : `${first}-${last}`).join(", ")
}

/** Which part of a damaged file is still good. */
const readableText = (readable: Readable | null): string => {
  if (readable === null || readable.groups.length === 0) return "none of its row groups can be read"
  const { groups, ofGroups, ofRows, rows } = readable
  return `row groups ${ranges(groups)} of its ${ofGroups} (counted from 0) can be read, ${number(rows)} of ${
    quantity(ofRows, "row")
  }`
}

/** Whether its folder still has the name: a recorder may have stored the file meanwhile, while a link to nothing stays. */
const isListed = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return yield* fs.readDirectory(path.dirname(file)).pipe(
    Effect.map((names) => names.includes(path.basename(file))),
    Effect.orElseSucceed(() => false)
  )
})

const isVenue = Schema.is(Venue)

/** Checks every sealed file below `dataDir`. */
const checkSealed = Effect.fnUntraced(function*(dataDir: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const found = yield* filesBelow(dataDir, (at) => isVenue(at.split("/")[0]))
  const lines = found.unread.map(({ at, problem }): Line => ({
    state: "UNREAD",
    text: `${path.join(dataDir, at)}: ${problem}`
  }))
  let sealed = 0
  let files = 0
  let rows = 0
  for (const name of found.files.toSorted()) {
    if (fileNames.parseSealedPath(name) === null) continue
    const file = path.join(dataDir, name)
    const outcome = yield* Effect.result(checkFile(fs, file))
    if (outcome._tag === "Success") {
      files++
      rows += outcome.success.rows
    } else {
      const line = yield* unsoundLine(file, outcome.failure)
      if (line === null) continue
      lines.push(line)
    }
    sealed++
  }
  const sound: Line = { state: "sound", text: `${files} sealed files with ${rows} rows` }
  return { lines: [sound, ...lines], sealed, damaged: lines.filter(({ state }) => state === "DAMAGED").length }
})

/** What is wrong with a sealed file; null where it is gone, and another one's. */
const unsoundLine = Effect.fnUntraced(function*(file: string, error: UnsoundFile | PlatformError.PlatformError) {
  const damaged = (text: string): Line => ({ state: "DAMAGED", text: `${file}: ${text}` })
  if (error._tag === "UnsoundFile") return damaged(`${error.message}; ${readableText(error.readable)}`)
  if (error.reason._tag === "NotFound") {
    return (yield* isListed(file)) ? damaged("a link to a file that is not there") : null
  }
  const unread: Line = { state: "UNREAD", text: `${file}: it cannot be read: ${errorText(error)}` }
  return unread
})

/** Frames that could not be parsed: evidence of another kind, and nothing is wrong with their files. */
const framesLines = Effect.fnUntraced(function*(dataDir: string) {
  const fs = yield* FileSystem.FileSystem
  const folder = (yield* Path.Path).join(dataDir, UnparsedFrames.folder)
  const names = yield* Effect.orElseSucceed(fs.readDirectory(folder), () => [])
  const text = `${folder}: ${quantity(names.length, "file")} of frames that could not be parsed, for you to look at`
  const lines: ReadonlyArray<Line> = names.length === 0 ? [] : [{ state: "sound", text }]
  return lines
})

/** What a crash left below `dataDir`, unless a recorder works there. */
const inspectLeft = Effect.fnUntraced(function*(dataDir: string) {
  const owner = (yield* claims(dataDir)).find(({ dead }) => !dead)
  if (owner !== undefined) {
    const text = `process ${owner.pid} on ${owner.host} records here: its journal and open files are not judged`
    const lines: ReadonlyArray<Line> = [{ state: "sound", text }]
    return { lines, work: false }
  }
  const found = yield* survey(dataDir)
  const rows: ReadonlyArray<Line> = found.rowsInJournalAlone === 0
    ? []
    : [{ state: "to do", text: `${found.rowsInJournalAlone} rows that only the journal has get files of their own` }]
  const left = describe(found)
  return { lines: [...left, ...rows], work: left.length > 0 }
})

/** What `fsck` finds below `dataDir`; changes nothing. */
export const inspect = Effect.fnUntraced(function*(dataDir: string) {
  const { damaged, lines: checked, sealed } = yield* checkSealed(dataDir)
  const aside = yield* quarantinedFiles(yield* FileSystem.FileSystem, yield* Path.Path, dataDir)
  const left = yield* Effect.catchTag(inspectLeft(dataDir), "PlatformError", (error) => {
    const text = `${dataDir}: journal and open files are not judged: ${errorText(error)}`
    const lines: ReadonlyArray<Line> = [{ state: "UNREAD", text }]
    return Effect.succeed({ lines, work: false })
  })
  const lines: ReadonlyArray<Line> = [
    ...checked,
    ...(yield* framesLines(dataDir)),
    ...aside.map((file): Line => ({ state: "aside", text: `${file}: set aside earlier; ${file}.reason.txt says why` })),
    ...left.lines
  ]
  return { lines, sealed, damagedSealed: damaged, work: left.work }
})
