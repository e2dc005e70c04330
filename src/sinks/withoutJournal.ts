import { Effect } from "effect"
import type { JournalStream } from "./JournalStream.ts"
import { countRows } from "./SeqRanges.ts"

/** A stream that journals nothing; `replayed` where its rows are in the journal of an earlier process. */
export const withoutJournal = (id: number, replayed = false): JournalStream => ({
  id,
  // Nobody will ask for them.
  append: (rows, count) => rows.journaled({ rows: count, bytes: rows.unjournaledBytes }),
  flushed: () => {},
  exposed: () => false,
  sealed: () => {},
  replayed,
  reclaim: () => Effect.succeed([]),
  abandon: (ranges, tell) =>
    tell(replayed ? { held: countRows(ranges), lost: 0 } : { held: 0, lost: countRows(ranges) }),
  commit: Effect.void
})
