import type { Series } from "../domain/Series.ts"

/** What happened to the rows of one series. Plain counters, like those of a feed. */
export interface SinkStats {
  readonly series: Series
  /** Rows in memory, not yet part of a file. */
  rowsBuffered: number
  /** Rows in the open file and in sealed files. */
  rowsWritten: number
  /** Of `rowsWritten`, those whose file somebody removed before it was sealed; what the journal had of them is written again. */
  rowsRemoved: number
  /** Rows in sealed files. */
  rowsSealed: number
  /** Rows lost because they could not be written. */
  rowsLost: number
  /** Rows that a closing sink could not write; those that the journal has not either are counted as lost once it is closed. */
  rowsUnwritten: number
  /** Files that are not sealed. */
  filesOpen: number
  /** The open file that grows, relative to the data folder; null while there is none. */
  openFile: string | null
  openFileBytes: number
  filesSealed: number
  sealedBytes: number
  writeErrors: number
}

/** All at zero. */
export const makeSinkStats = (series: Series): SinkStats => ({
  series,
  rowsBuffered: 0,
  rowsWritten: 0,
  rowsRemoved: 0,
  rowsSealed: 0,
  rowsLost: 0,
  rowsUnwritten: 0,
  filesOpen: 0,
  openFile: null,
  openFileBytes: 0,
  filesSealed: 0,
  sealedBytes: 0,
  writeErrors: 0
})
