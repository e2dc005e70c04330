import type { Clock } from "effect/Clock"
import { DiskWaits } from "./DiskWaits.ts"
import { Histogram } from "./Histogram.ts"

const boundsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 5, 10, 60] as const

/** What happened to the storage of this process since the start. Plain counters, like those of a feed. */
export interface StorageStats {
  /** Size of the journal on disk. */
  journalBytes: number
  /** Files that it consists of. */
  journalSegments: number
  /** Counts the rows in it that are in no row group on disk, which takes too long to be done at every commit. */
  journalRows: () => number
  /** Bytes that were appended to the journal, all in all. */
  journalBytesWritten: number
  /** What commits took that had something to write, in seconds. */
  readonly commitDuration: Histogram
  /** How long rows were in memory alone until the commit that covers them was done, in seconds. */
  readonly receiveToDurable: Histogram
  /** Commits to the journal and writes of row groups that are under way. */
  readonly disk: DiskWaits
  /** Attempts to write to the journal or to shorten it that failed. */
  journalErrors: number
  /** Rows that were in no row group on disk when the journal had no room for them: until they are, a crash loses them. */
  rowsNotJournaled: number
  /** Rows that the start took from the journal. */
  rowsRecovered: number
  /** Files that the start finished in place of a process that could not. */
  filesRecovered: number
  /** What the start set aside because it is not what it should be, by kind. */
  readonly quarantined: { openFile: number; segment: number; state: number; foreign: number }
  /** Files in the quarantine when the start had put everything in order, those of earlier runs included. */
  quarantineFiles: number
  /** What is wrong with the journal's disk, in words for the operator; null while all is well. */
  problem: string | null
}

/** All at zero. */
export const make = (clock: Clock): StorageStats => ({
  journalBytes: 0,
  journalSegments: 0,
  journalRows: () => 0,
  journalBytesWritten: 0,
  commitDuration: new Histogram(boundsSeconds),
  receiveToDurable: new Histogram(boundsSeconds),
  disk: new DiskWaits(clock),
  journalErrors: 0,
  rowsNotJournaled: 0,
  rowsRecovered: 0,
  filesRecovered: 0,
  quarantined: { openFile: 0, segment: 0, state: 0, foreign: 0 },
  quarantineFiles: 0,
  problem: null
})
