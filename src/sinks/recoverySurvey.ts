import { Effect, FileSystem, Path } from "effect"
import { withoutContradictions } from "./contradictions.ts"
import * as fileNames from "./fileNames.ts"
import { journalFolder } from "./Journal.ts"
import { heldByJournal } from "./heldByJournal.ts"
import * as journalSurvey from "./journalSurvey.ts"
import * as CheckpointLog from "./CheckpointLog.ts"
import * as openFolderSurvey from "./openFolderSurvey.ts"
import type { Oddity } from "./Quarantine.ts"
import { stateFolder } from "./StateFile.ts"
import * as stateSurvey from "./stateSurvey.ts"
import { countRows, rangesOf, type SeqRanges } from "./SeqRanges.ts"

/** What is to be done with an open file or its checkpoints. */
type Finding = Exclude<openFolderSurvey.Finding, openFolderSurvey.Vanished>

/** What a process that could not stop in order has left in a data folder. */
export interface Survey {
  readonly openFiles: ReadonlyArray<Finding>
  /** Oldest first. */
  readonly segments: ReadonlyArray<journalSurvey.Segment>
  /** Foreign files among the segments. */
  readonly oddities: ReadonlyArray<Oddity>
  /** By stream, the rows that are in sealed files or in open files that can be finished. */
  readonly covered: ReadonlyMap<number, SeqRanges>
  /** Names of open files that have not got their final name. */
  readonly unsealed: ReadonlySet<string>
  readonly states: stateSurvey.StateSurvey
  /** Rows that only the journal has. */
  readonly rowsInJournalAlone: number
}

/** Reads what was left below `dataDir` and changes nothing. */
export const survey = Effect.fnUntraced(function*(dataDir: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const left = yield* openFolderSurvey.survey(fs, path, path.join(dataDir, fileNames.openFolder))
  const { oddities, paths } = yield* journalSurvey.list(fs, path, path.join(dataDir, journalFolder))
  const covered = new Map<number, SeqRanges>()
  const journaled = new Map<number, SeqRanges>()
  const segments: Array<journalSurvey.Segment> = []
  for (const segmentPath of paths) {
    const { records, segment } = yield* journalSurvey.read(fs, segmentPath)
    segments.push(segment)
    for (const record of records) rangesOf(record.kind === "rows" ? journaled : covered, record.stream).add(record)
  }
  const openFiles = withoutContradictions(left).map((finding) => {
    // Before the open files count: what the journal calls sealed is so without them.
    if (finding.kind === "vanished") return judgeVanished(finding, covered, journaled)
    return finding.kind === "unfinished" && finding.lost ? judgeLost(finding, journaled) : finding
  })
  for (const finding of openFiles) {
    if (finding.kind === "odd" || finding.kind === "empty") continue
    for (const group of finding.groups) rangesOf(covered, group.stream).add(group)
  }
  const judged = openFiles.map((finding) =>
    finding.kind === "unfinished" && finding.more && !finding.lost && !finding.about.gapsTold
      ? judgeMore(finding, covered, journaled)
      : finding
  )
  let rowsInJournalAlone = 0
  for (const [stream, rows] of journaled) {
    for (const range of rows.ranges) {
      rowsInJournalAlone += countRows(rangesOf(covered, stream).missing(range))
    }
  }
  const moved = new Set(judged.flatMap((finding) => finding.kind === "moved" ? [finding.checkpoints] : []))
  const unsealed = new Set(left.flatMap((finding) => unsealedBy(finding, moved)).map((each) => path.basename(each)))
  const states = yield* stateSurvey.survey(fs, path, path.join(dataDir, stateFolder))
  const found: Survey = { openFiles: judged, segments, oddities, covered, unsealed, states, rowsInJournalAlone }
  return found
})

const isFile = (path: string): boolean => CheckpointLog.fileOf(path) === null

/** The paths of the open files that a finding shows to have not got their final name, but for those that are proven to be `moved`. */
const unsealedBy = (finding: openFolderSurvey.Finding, moved: ReadonlySet<string>): ReadonlyArray<string> => {
  switch (finding.kind) {
    case "unfinished":
      return [finding.path]
    case "vanished":
      return moved.has(finding.checkpoints) ? [] : [CheckpointLog.fileOf(finding.checkpoints) ?? finding.checkpoints]
    case "empty":
      return finding.paths.filter(isFile)
    case "odd":
      return finding.oddities.map(({ path }) => path).filter(isFile)
    case "moved":
      return []
  }
}

/** Row groups that are lost are no loss where the journal has their rows. */
const judgeLost = (file: openFolderSurvey.Unfinished, journaled: Map<number, SeqRanges>): Finding => ({
  ...file,
  lost: !heldByJournal(file.groups, (stream) => rangesOf(journaled, stream))
})

/**
 * Behind the last row group that the checkpoints tell of there may be those of which the disk has lost what told of them. Rows that were
 * being written when the process ended are in the journal, or had never been anywhere; so they are told from such as came before others.
 */
const judgeMore = (
  file: openFolderSurvey.Unfinished,
  covered: Map<number, SeqRanges>,
  journaled: Map<number, SeqRanges>
): Finding => {
  const last = file.groups.at(-1)
  if (last === undefined) return file
  const rows = rangesOf(journaled, last.stream)
  const behind = { first: last.last + 1, last: rows.ranges.at(-1)?.last ?? 0 }
  const gone = rangesOf(covered, last.stream).missing(behind).flatMap((range) => rows.missing(range))
  if (gone.length === 0) return file
  const damage = `The checkpoints of this open file no longer tell of all that was written to it: ${
    countRows(gone)
  } rows are in nothing else. What they tell of is in a sealed file; delete it, or keep it to look into.`
  return { ...file, lost: true, damage: file.damage ?? damage }
}

/** A file that is gone may be a sealed one all the same, if the journal says so of its rows; otherwise somebody removed it. */
const judgeVanished = (
  { about, checkpoints, groups }: openFolderSurvey.Vanished,
  sealed: Map<number, SeqRanges>,
  journaled: Map<number, SeqRanges>
): Finding => {
  const unsealed = groups.map((group) => ({
    stream: group.stream,
    ranges: rangesOf(sealed, group.stream).missing(group)
  }))
  if (unsealed.every(({ ranges }) => ranges.length === 0)) return { kind: "moved", checkpoints, about, groups }
  const gone = unsealed.flatMap(({ ranges, stream }) =>
    ranges.flatMap((range) => rangesOf(journaled, stream).missing(range))
  )
  const reason =
    `The open file that these checkpoints tell of was removed before it was sealed. Of its ${countRows(groups)} rows, ${
      countRows(gone)
    } are gone; the others are in the journal and get into sealed files. ` +
    "Delete this, or keep it to look into."
  return {
    kind: "odd",
    lost: gone.length > 0,
    oddities: [{ path: checkpoints, kind: "openFile", reason }]
  }
}
