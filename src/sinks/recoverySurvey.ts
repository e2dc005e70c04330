import { Effect, FileSystem, Path } from "effect"
import * as fileNames from "./fileNames.ts"
import { journalFolder } from "./Journal.ts"
import * as journalSurvey from "./journalSurvey.ts"
import * as openFolderSurvey from "./openFolderSurvey.ts"
import type { Oddity } from "./Quarantine.ts"
import { SeqRanges } from "./SeqRanges.ts"

/** What a process that could not stop in order has left in a data folder. */
export interface Survey {
  readonly openFiles: ReadonlyArray<openFolderSurvey.Finding>
  /** Oldest first. */
  readonly segments: ReadonlyArray<journalSurvey.Segment>
  /** Foreign files among the segments. */
  readonly oddities: ReadonlyArray<Oddity>
  /** By stream, the rows that are in sealed files or in open files that can be finished. */
  readonly covered: ReadonlyMap<number, SeqRanges>
  /** Rows that only the journal has. */
  readonly rowsInJournalAlone: number
}

/** Reads what was left below `dataDir` and changes nothing. */
export const survey = Effect.fnUntraced(function*(dataDir: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const openFiles = yield* openFolderSurvey.survey(fs, path, path.join(dataDir, fileNames.openFolder))
  const { oddities, paths } = yield* journalSurvey.list(fs, path, path.join(dataDir, journalFolder))
  const covered = new Map<number, SeqRanges>()
  const journaled = new Map<number, SeqRanges>()
  for (const finding of openFiles) {
    if (finding.kind === "odd" || finding.kind === "empty") continue
    for (const group of finding.groups) rangesOf(covered, group.stream).add(group)
  }
  const segments: Array<journalSurvey.Segment> = []
  for (const segmentPath of paths) {
    const { records, segment } = yield* journalSurvey.read(fs, segmentPath)
    segments.push(segment)
    for (const record of records) rangesOf(record.kind === "rows" ? journaled : covered, record.stream).add(record)
  }
  let rowsInJournalAlone = 0
  for (const [stream, rows] of journaled) {
    for (const range of rows.ranges) {
      for (const { first, last } of rangesOf(covered, stream).missing(range)) rowsInJournalAlone += last - first + 1
    }
  }
  const found: Survey = { openFiles, segments, oddities, covered, rowsInJournalAlone }
  return found
})

/** The ranges of `stream`, made at the first call. */
export const rangesOf = (byStream: Map<number, SeqRanges>, stream: number): SeqRanges => {
  const known = byStream.get(stream)
  if (known !== undefined) return known
  const ranges = new SeqRanges()
  byStream.set(stream, ranges)
  return ranges
}
