import type { FeedState, FeedStats } from "../telemetry/Telemetry.ts"

const rank: Readonly<Record<FeedState, number>> = {
  live: 7,
  stale: 6,
  subscribing: 5,
  connecting: 4,
  rejected: 3,
  waiting: 2,
  starting: 1,
  stopped: 0
}

/** Where a feed stands: as well as the best of its connections, and of its paths that have none. */
export class FeedStates {
  readonly #stats: FeedStats
  readonly #nowMillis: () => number
  readonly #states = new Map<object, FeedState>()
  readonly #open = new Set<object>()

  constructor(stats: FeedStats, nowMillis: () => number) {
    this.#stats = stats
    this.#nowMillis = nowMillis
  }

  /** Whether one of its connections delivers. */
  get live(): boolean {
    for (const state of this.#states.values()) if (state === "live") return true
    return false
  }

  /** `of` stands there from now on. */
  set(of: object, state: FeedState): void {
    this.#states.set(of, state)
    if (state === "live") this.#stats.reason = null
    this.#tell()
  }

  /** The connection `of` is open. */
  opened(of: object): void {
    this.#open.add(of)
    this.#stats.connected = true
  }

  /** `of` is no more; where it was the last one, the feed stands as before until something is set. */
  remove(of: object): void {
    this.#states.delete(of)
    this.#open.delete(of)
    this.#stats.connected = this.#open.size > 0
    if (this.#states.size > 0) this.#tell()
  }

  #tell(): void {
    let best: FeedState = "stopped"
    for (const state of this.#states.values()) if (rank[state] > rank[best]) best = state
    if (best === this.#stats.state) return
    this.#stats.state = best
    this.#stats.stateSince = this.#nowMillis()
  }
}
