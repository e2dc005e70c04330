import { Effect, type FileSystem, Option } from "effect"
import type { JournalSegment } from "./JournalSegment.ts"
import type { Run, StreamState } from "./JournalStream.ts"
import * as journalSurvey from "./journalSurvey.ts"
import { countRows, type SeqRange, SeqRanges } from "./SeqRanges.ts"

/** Reads from `segments` what they have of the rows `ranges` of `stream`: each row once, in the order of the numbers. */
export const readBack = Effect.fnUntraced(function*(
  fs: FileSystem.FileSystem,
  segments: ReadonlyArray<JournalSegment>,
  stream: StreamState,
  ranges: ReadonlyArray<SeqRange>
) {
  const runs: Array<Run> = []
  const taken = new SeqRanges()
  for (const segment of segments) {
    if (countRows(segment.missing(stream, ranges)) === countRows(ranges)) continue
    // One that somebody removed has nothing any more.
    const found = yield* Effect.option(journalSurvey.read(fs, segment.path))
    for (const record of Option.isSome(found) ? found.value.records : []) {
      if (record.kind !== "rows" || record.stream !== stream.id) continue
      for (const range of ranges) {
        const wanted = { first: Math.max(range.first, record.first), last: Math.min(range.last, record.last) }
        for (const { first, last } of taken.missing(wanted)) {
          runs.push({ first, events: record.events().slice(first - record.first, last - record.first + 1) })
          taken.add({ first, last })
        }
      }
    }
  }
  return runs.toSorted((one, other) => one.first - other.first)
})
