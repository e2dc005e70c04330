import { Effect, type FileSystem } from "effect"
import type { JournalSegment } from "./JournalSegment.ts"
import type { Fate, StreamState } from "./JournalStream.ts"
import { removedSegments } from "./removedSegments.ts"
import { countRows, type SeqRange } from "./SeqRanges.ts"

/** Rows that no file will hold. */
export interface Abandoned {
  readonly stream: StreamState
  readonly ranges: ReadonlyArray<SeqRange>
  readonly tell: (fate: Fate) => Effect.Effect<void>
}

/** Whether some of these rows were in a row group, so that the journal takes them for needless. */
export const wereFlushed = ({ ranges, stream }: Abandoned): boolean =>
  ranges.some(({ first }) => first <= stream.flushed)

/** Tells what becomes of rows that were given up; true when some of them are in `segments`. */
export const settleAbandoned = Effect.fnUntraced(function*(
  fs: FileSystem.FileSystem,
  segments: ReadonlyArray<JournalSegment>,
  abandoned: ReadonlyArray<Abandoned>
) {
  const removed = yield* removedSegments(fs, segments)
  const present = segments.filter((segment) => !removed.includes(segment))
  let kept = false
  for (const { ranges, stream, tell } of abandoned) {
    const missing = present.reduce((rest, segment) => segment.missing(stream, rest), ranges)
    const lost = countRows(missing)
    const held = countRows(ranges) - lost
    if (held > 0) kept = true
    yield* tell({ held, lost })
  }
  return kept
})
