/** What happened to sealed files since the start. */
export interface UploadStats {
  /** Files queued or being stored. */
  waiting: number
  /** Files taken from the queue, each time they were. */
  started: number
  stored: number
  storedBytes: number
  /** What the last stored file took, from the beginning of the attempt that succeeded. */
  lastDurationMillis: number | null
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
  /** The last failure, in words for the operator; null once a file was stored after it. */
  problem: string | null
}

/** The counters of a process that has not stored anything yet. */
export const make = (): UploadStats => ({
  waiting: 0,
  started: 0,
  stored: 0,
  storedBytes: 0,
  lastDurationMillis: null,
  failedAttempts: 0,
  retries: 0,
  givenUp: 0,
  setAside: 0,
  dropped: 0,
  problem: null
})
