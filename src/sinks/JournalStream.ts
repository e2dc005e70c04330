import type { Effect } from "effect"
import type { Row } from "../domain/Event.ts"
import type { Series } from "../domain/Series.ts"
import type { RowBuffer } from "./RowBuffer.ts"
import type { SeqRange } from "./SeqRanges.ts"

/** Rows that follow each other, the first of them number `first` of its stream. */
export interface Run {
  readonly first: number
  readonly events: ReadonlyArray<Row>
}

/** The journal as one sink sees it. Its rows are numbered in their order, from 1 on; the numbers are in no Parquet file. */
export interface JournalStream {
  /** Unique within the journal. */
  readonly id: number
  /** Journals with the next commit `count` rows that `rows` was given last, received at `receivedAtMicros`, microseconds since the epoch. */
  readonly append: (rows: RowBuffer, count: number, receivedAtMicros: number) => void
  /** Says that every row up to `through` is in a row group which the disk has, or was given up. */
  readonly flushed: (through: number) => void
  /** True once after the journal lost rows that are in no row group on disk: those should get into one soon. */
  readonly exposed: () => boolean
  /** Says that the disk has these rows in a sealed file, so that the checkpoints in `file` may go in time. */
  readonly sealed: (ranges: ReadonlyArray<SeqRange>, file: string) => void
  /** True where the rows are in the journal of an earlier process, which keeps them until they are in sealed files. */
  readonly replayed: boolean
  /** What the journal still has of rows whose file is gone; it keeps them until `flushed` says that they are on disk again. */
  readonly reclaim: (ranges: ReadonlyArray<SeqRange>) => Effect.Effect<ReadonlyArray<Run>>
  /** Gives up rows that no file will hold. `tell` learns what becomes of them once that is certain: when no commit comes any more. */
  readonly abandon: (ranges: ReadonlyArray<SeqRange>, tell: (fate: Fate) => Effect.Effect<void>) => Effect.Effect<void>
  /** Commits what waits, of all streams; a failure is the journal's own trouble. */
  readonly commit: Effect.Effect<void>
}

/** What becomes of rows that no file holds. */
export interface Fate {
  /** So many are in the journal, for the next start. */
  readonly held: number
  /** So many are nowhere. */
  readonly lost: number
}

/** Which rows of one sink the journal still has to keep. */
export class StreamState {
  readonly id: number
  readonly series: Series
  /** Every row up to here is in a row group that the disk has, or was given up. */
  flushed = 0
  /** True when somebody removed rows of it from the journal that are in no row group. */
  exposed = false

  constructor(id: number, series: Series) {
    this.id = id
    this.series = series
  }
}
