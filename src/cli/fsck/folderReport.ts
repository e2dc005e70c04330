import { Effect, FileSystem, Path } from "effect"
import { claims } from "../../runtime/DataFolderLock.ts"
import { number, quantity } from "../../runtime/quantity.ts"
import * as fileNames from "../../sinks/fileNames.ts"
import { quarantinedFiles } from "../../sinks/quarantinedFiles.ts"
import { type Survey, survey } from "../../sinks/recoverySurvey.ts"
import type { Readable } from "../../sinks/footer.ts"
import { checkFile } from "../../sinks/sealedCheck.ts"
import * as UnparsedFrames from "../../telemetry/UnparsedFrames.ts"

/** One line of the report. */
export interface Line {
  readonly state: "sound" | "to do" | "aside" | "DAMAGED"
  readonly text: string
}

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
  ...found.oddities.map(({ path, reason }): Line => ({ state: "DAMAGED", text: `${path}: ${reason}` })),
  ...found.states.oddities.map(({ path, reason }): Line => ({
    state: "DAMAGED",
    text: `${path}: ${reason} It is set aside in quarantine.`
  })),
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

/** Checks every sealed file below `dataDir`. */
const checkSealed = Effect.fnUntraced(function*(dataDir: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const lines: Array<Line> = []
  let files = 0
  let rows = 0
  for (const name of (yield* fs.readDirectory(dataDir, { recursive: true })).toSorted()) {
    if (fileNames.parseSealedPath(name) === null) continue
    const file = path.join(dataDir, name)
    const outcome = yield* Effect.result(checkFile(fs, file))
    if (outcome._tag === "Failure") {
      const error = outcome.failure
      if (error._tag === "PlatformError" && error.reason._tag === "NotFound" && !(yield* isListed(file))) continue
      const readable = error._tag === "UnsoundFile" ? `; ${readableText(error.readable)}` : ""
      lines.push({ state: "DAMAGED", text: `${file}: ${error.message}${readable}` })
      continue
    }
    files++
    rows += outcome.success.rows
  }
  const sound: Line = { state: "sound", text: `${files} sealed files with ${rows} rows` }
  return { lines: [sound, ...lines], sealed: files + lines.length, damaged: lines.length }
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

/** What `fsck` finds below `dataDir`; changes nothing. */
export const inspect = Effect.fnUntraced(function*(dataDir: string) {
  const owner = (yield* claims(dataDir)).find(({ dead }) => !dead)
  const { damaged, lines: checked, sealed } = yield* checkSealed(dataDir)
  const aside = yield* quarantinedFiles(yield* FileSystem.FileSystem, yield* Path.Path, dataDir)
  const sealedLines = [
    ...checked,
    ...(yield* framesLines(dataDir)),
    ...aside.map((file): Line => ({ state: "aside", text: `${file}: set aside earlier; ${file}.reason.txt says why` }))
  ]
  if (owner !== undefined) {
    const text = `process ${owner.pid} on ${owner.host} records here: its journal and open files are not judged`
    const lines: ReadonlyArray<Line> = [...sealedLines, { state: "sound", text }]
    return { lines, sealed, damagedSealed: damaged, work: false }
  }
  const found = yield* survey(dataDir)
  const rows: ReadonlyArray<Line> = found.rowsInJournalAlone === 0
    ? []
    : [{ state: "to do", text: `${found.rowsInJournalAlone} rows that only the journal has get files of their own` }]
  const left = describe(found)
  const lines: ReadonlyArray<Line> = [...sealedLines, ...left, ...rows]
  return { lines, sealed, damagedSealed: damaged, work: left.length > 0 }
})
