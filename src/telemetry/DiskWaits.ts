import { Effect } from "effect"
import type { Clock } from "effect/Clock"
import { monotonicMillis } from "../runtime/monotonic.ts"

/** What a disk was asked for and has not done yet. One that hangs fails at nothing: this is all that tells of it. */
export class DiskWaits {
  readonly #clock: Clock
  /** Oldest first. */
  readonly #waiting = new Set<{ readonly sinceMillis: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Does `work`, which waits for the disk. */
  readonly during = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const wait = { sinceMillis: monotonicMillis(this.#clock) }
        this.#waiting.add(wait)
        return wait
      }),
      () => work,
      (wait) => Effect.sync(() => this.#waiting.delete(wait))
    )

  /** How long the oldest of what is not done has waited; 0 where nothing waits. */
  get longestMillis(): number {
    const [oldest] = this.#waiting
    return oldest === undefined ? 0 : monotonicMillis(this.#clock) - oldest.sinceMillis
  }
}
