import { Histogram } from "./Histogram.ts"

/** What happened to sealed files since the start. Plain counters, like those of a feed. */
export interface UploadStats {
  /** Sealed files that are not stored yet, whether or not they are in the queue: what the last scan found, and what came since. */
  filesOnDisk: number
  /** When the oldest of them begins, milliseconds since the epoch, by its name; null when there is none. */
  oldestWaitingMillis: number | null
  /** Files queued and not being stored. */
  queueDepth: number
  stored: number
  storedBytes: number
  /** What each stored file took, in seconds, from the beginning of the attempt that succeeded. */
  readonly durationSeconds: Histogram
  /** Attempts that failed. */
  failedAttempts: number
  /** Attempts that followed a failed one. */
  retries: number
  /** Times that a file was given up until the next scan. */
  givenUp: number
  /** Files moved to the quarantine because the store has other content under their names. */
  setAside: number
  /** Paths for which the queue had no room; a scan finds them. */
  dropped: number
  /** The last failure, in words for the operator; null once a file was stored after it, or no file that failed is left. */
  problem: string | null
}

/** From a link on the same disk to a large file over a slow line. */
const durationBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** The counters of a process that has not stored anything yet. */
export const make = (): UploadStats => ({
  filesOnDisk: 0,
  oldestWaitingMillis: null,
  queueDepth: 0,
  stored: 0,
  storedBytes: 0,
  durationSeconds: new Histogram(durationBounds),
  failedAttempts: 0,
  retries: 0,
  givenUp: 0,
  setAside: 0,
  dropped: 0,
  problem: null
})
