import type { Clock } from "effect/Clock"
import type { Shard } from "../domain/Shard.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"

/** How far the process is: it records nothing before `recording`. */
export type Phase = "starting" | "recovering" | "recording" | "stopping"

/** What became of the requests to read the configuration again: put into effect, or refused because it was wrong. */
export const reloadResults = ["applied", "rejected"] as const
export type ReloadResult = (typeof reloadResults)[number]

/** The process as a whole. Lengths of time are monotonic: a clock that is set neither makes nor hides an old process. */
export class ProcessStats {
  /** Milliseconds since the epoch. */
  readonly startedAtMillis: number
  /** Which of several processes this is that share the feeds; null for the only one. */
  shard: Shard | null = null
  readonly reloads: Record<ReloadResult, number> = { applied: 0, rejected: 0 }
  readonly #clock: Clock
  readonly #startedAt: number
  #phase: Phase = "starting"
  #phaseSince: number

  /** A process that has just begun. */
  constructor(clock: Clock) {
    this.#clock = clock
    this.startedAtMillis = clock.currentTimeMillisUnsafe()
    this.#startedAt = this.#phaseSince = monotonicMillis(clock)
  }

  get phase(): Phase {
    return this.#phase
  }

  set phase(phase: Phase) {
    if (phase === this.#phase) return
    this.#phase = phase
    this.#phaseSince = monotonicMillis(this.#clock)
  }

  get uptimeMillis(): number {
    return monotonicMillis(this.#clock) - this.#startedAt
  }

  /** How long the process has been in its phase. */
  get phaseMillis(): number {
    return monotonicMillis(this.#clock) - this.#phaseSince
  }
}
