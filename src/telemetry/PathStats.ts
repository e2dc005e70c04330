import { Histogram } from "./Histogram.ts"

/** What one of several paths of a feed brought. */
export interface PathStats {
  /** Whether a connection of it is open. */
  connected: boolean
  /** Events that are recorded as it brought them. */
  won: number
  /** Events that only other paths brought. */
  lost: number
  /** How much later than the first path it brought an event, in seconds. */
  readonly lag: Histogram
}

const boundsSeconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5] as const

/** All at zero, one for each of several paths; none where there is only one. */
export const ofPaths = (count: number): ReadonlyArray<PathStats> =>
  Array.from({ length: count > 1 ? count : 0 }, () => ({
    connected: false,
    won: 0,
    lost: 0,
    lag: new Histogram(boundsSeconds)
  }))
