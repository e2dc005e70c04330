import type { FeedStats } from "./Telemetry.ts"

/** One look a second. */
export const sampleMillis = 1000
/** Looks that the last minute has, and the one before it. */
const samples = 61
/** Seconds that a rate or a latency is averaged over. */
const averagedSeconds = 10
/** Seconds in one point of the sparkline. */
export const pointSeconds = 5
/** Points of the sparkline: five minutes. */
export const points = 60

const counters = ["events", "dropped", "rowsLost", "writeErrors", "parseErrors"] as const
type Counter = (typeof counters)[number]
const columns = counters.length + 2

/** The last minutes of one feed, from one look a second at its counters. */
export class FeedHistory {
  readonly #stats: FeedStats
  /** A ring of rows: each counter, then sum and count of the latency. */
  readonly #ring = new Float64Array(samples * columns)
  /** Events per second. */
  readonly #points = new Float32Array(points)
  #taken = 0
  #pointsMade = 0

  constructor(stats: FeedStats) {
    this.#stats = stats
    this.sample()
  }

  /** Looks at the counters; to be called once a second. */
  sample(): void {
    const at = (this.#taken % samples) * columns
    counters.forEach((name, column) => {
      this.#ring[at + column] = this.#stats[name]
    })
    this.#ring[at + counters.length] = this.#stats.latency.sum
    this.#ring[at + counters.length + 1] = this.#stats.latency.count
    this.#taken++
    if (this.#taken > 1 && (this.#taken - 1) % pointSeconds === 0) {
      this.#points.copyWithin(0, 1)
      this.#points[points - 1] = this.#since(0, pointSeconds) / pointSeconds
      this.#pointsMade++
    }
  }

  /** What `counter` has gained within the last minute. */
  lastMinute(counter: Counter): number {
    return this.#since(counters.indexOf(counter), samples - 1)
  }

  get eventsPerSecond(): number {
    const seconds = Math.min(averagedSeconds, this.#taken - 1)
    return seconds === 0 ? 0 : this.#since(0, seconds) / seconds
  }

  /** Mean of the last seconds, in milliseconds; null where no event had a venue's time. */
  get latencyMillis(): number | null {
    const count = this.#since(counters.length + 1, averagedSeconds)
    return count === 0 ? null : this.#since(counters.length, averagedSeconds) / count
  }

  /** Events per second of the last five minutes, oldest first, one for each five seconds; zeros before the start. */
  get sparkline(): ReadonlyArray<number> {
    return [...this.#points]
  }

  /** How many points the sparkline has had, those that are gone included. */
  get pointsMade(): number {
    return this.#pointsMade
  }

  /** The newest point of the sparkline. */
  get lastPoint(): number {
    return this.#points[points - 1]!
  }

  #since(column: number, seconds: number): number {
    const last = this.#taken - 1
    const first = Math.max(0, last - seconds)
    return this.#at(last, column) - this.#at(first, column)
  }

  #at(sample: number, column: number): number {
    return this.#ring[(sample % samples) * columns + column]!
  }
}
