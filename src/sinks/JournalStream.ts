import type { Effect } from "effect"
import type { Event } from "../domain/Event.ts"
import type { Feed } from "../domain/Feed.ts"
import type { SeqRange } from "./SeqRanges.ts"

/** The journal as one sink sees it. Its rows are numbered in their order, from 1 on; the numbers are in no Parquet file. */
export interface JournalStream {
  /** Unique within the journal. */
  readonly id: number
  /** Journals rows with the next commit, the first of them as number `firstSeq`. */
  readonly append: (firstSeq: number, events: ReadonlyArray<Event>) => void
  /** Says that every row up to `through` is in a row group which the disk has, or was given up. */
  readonly flushed: (through: number) => void
  /** Says that the disk has these rows in a sealed file, so that the checkpoints in `file` may go in time. */
  readonly sealed: (ranges: ReadonlyArray<SeqRange>, file: string) => void
  /** True when a commit covered all rows of `range`. */
  readonly holds: (range: SeqRange) => boolean
  /** Commits what waits, of all streams; a failure is the journal's own trouble. */
  readonly commit: Effect.Effect<void>
}

/** Which rows of one sink the journal still has to keep. */
export class StreamState {
  readonly id: number
  readonly feed: Feed
  /** Every row up to here is in a row group that the disk has, or was given up. */
  flushed = 0
  /** The last row that a commit covered. */
  committed = 0
  /** The last row that the journal had no room for. */
  dropped = 0

  constructor(id: number, feed: Feed) {
    this.id = id
    this.feed = feed
  }
}
