import { RecentLooks } from "./RecentLooks.ts"
import type { FeedStats } from "./Telemetry.ts"

/** Looks that a rate or a latency is averaged over. */
const averaged = 10
/** Looks in one point of the sparkline, and so its seconds. */
export const pointSeconds = 5
/** Points of the sparkline: five minutes. */
export const points = 60

const counters = ["events", "dropped", "parseErrors"] as const
type Counter = (typeof counters)[number]
const latencySum = counters.length
const latencyCount = latencySum + 1
const seconds = latencyCount + 1
const columns = seconds + 1

/** The last minutes of one feed, from one look a second at its counters. */
export class FeedHistory {
  readonly #stats: FeedStats
  /** Each counter, then sum and count of the latency, then when it was. */
  readonly #looks = new RecentLooks(columns)
  /** Events per second. */
  readonly #points = new Float32Array(points)
  #pointsMade = 0

  constructor(stats: FeedStats, nowMillis: number) {
    this.#stats = stats
    this.sample(nowMillis)
  }

  /** Looks at the counters; to be called once a second, with the monotonic time. */
  sample(nowMillis: number): void {
    const { latency } = this.#stats
    const counted = counters.map((name) => this.#stats[name])
    this.#looks.take([...counted, latency.sum, latency.count, nowMillis / 1000])
    const { taken } = this.#looks
    if (taken > 1 && (taken - 1) % pointSeconds === 0) {
      this.#points.copyWithin(0, 1)
      this.#points[points - 1] = this.#rate(pointSeconds)
      this.#pointsMade++
    }
  }

  /** What `counter` has gained within the last minute. */
  lastMinute(counter: Counter): number {
    return this.#looks.lastMinute(counters.indexOf(counter))
  }

  /** Events within the last `looks`, which are about as many seconds; at most a minute. */
  eventsWithin(looks: number): number {
    return this.#looks.since(0, looks)
  }

  get eventsPerSecond(): number {
    return this.#rate(averaged)
  }

  /** Mean of the last seconds, in milliseconds; null where no event had a venue's time. */
  get latencyMillis(): number | null {
    const count = this.#looks.since(latencyCount, averaged)
    return count === 0 ? null : this.#looks.since(latencySum, averaged) / count
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

  /** Events per second, by the time that has passed: after a stall many events come within one look. */
  #rate(looks: number): number {
    const took = this.#looks.since(seconds, looks)
    return took === 0 ? 0 : this.#looks.since(0, looks) / took
  }
}
