import { Histogram } from "./Histogram.ts"

/** What the venue's own numbers said of a feed's events since the start. */
export interface SequenceStats {
  /** Holes in the numbers. */
  gaps: number
  /** Events in those holes whose size is known; late ones that came after all are taken off again. */
  missing: number
  /** Sizes of the holes, in events (on Coinbase in messages of the connection), where they are known. */
  readonly gapSize: Histogram
  /** Events that came after newer ones, and are kept. */
  outOfOrder: number
  /** Events that had been received before, and are not kept. */
  duplicates: number
  /** Times that the venue began to count anew. */
  resets: number
}

const bounds = [1, 2, 5, 10, 100, 1000, 10_000, 100_000] as const

/** All at zero. */
export const make = (): SequenceStats => ({
  gaps: 0,
  missing: 0,
  gapSize: new Histogram(bounds),
  outOfOrder: 0,
  duplicates: 0,
  resets: 0
})
