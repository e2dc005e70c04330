import { Clock, Effect } from "effect"
import { errorText } from "../runtime/errorText.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import type { SinkStats } from "../telemetry/SinkStats.ts"
import type { Fate } from "./JournalStream.ts"

interface Episode {
  readonly startedAt: number
  retryAt: number
  /** What had been lost when it began. */
  readonly lostBefore: number
}

/** Whether a feed's rows reach the disk. One log line when that ends, one when rows are lost, one when it works again. */
export class WriteHealth {
  readonly #stats: SinkStats
  readonly #retryMillis: number
  #episode: Episode | null = null
  #lossLogged = false

  constructor(stats: SinkStats, retryMillis: number) {
    this.#stats = stats
    this.#retryMillis = retryMillis
  }

  get failing(): boolean {
    return this.#episode !== null
  }

  /** False while the next attempt is not due; by monotonic milliseconds. */
  mayTry(nowMillis: number): boolean {
    return this.#episode === null || nowMillis >= this.#episode.retryAt
  }

  /** Counts `rows` that had to be dropped. */
  readonly lose = (rows: number, why: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      const first = !this.#lossLogged
      this.#lossLogged = true
      this.#stats.rowsLost += rows
      return first
        ? Effect.logError(`rows are being lost: ${why}; they are counted, and recording goes on`)
        : Effect.void
    })

  /** Tells what became of rows that a closing sink could not write; those of an earlier process are in its journal in any case. */
  readonly left = ({ held, lost }: Fate, ofEarlierProcess: boolean): Effect.Effect<void> =>
    Effect.gen({ self: this }, function*() {
      if (held > 0 && !ofEarlierProcess) {
        yield* Effect.logWarning(`${held} rows could not be written; the next start takes them from the journal`)
      }
      if (lost > 0) yield* this.lose(lost, "the sink closes and they could not be written")
    })

  /** Runs `step`; false when it failed. */
  readonly attempt = <E extends Error>(
    operation: string,
    step: Effect.Effect<void, E>,
    whatNext: () => string
  ): Effect.Effect<boolean> =>
    step.pipe(
      Effect.andThen(this.#worked),
      Effect.as(true),
      Effect.catch((error: Error) => Effect.as(this.#failed(operation, error, whatNext()), false))
    )

  /** Notes that `operation` failed. */
  readonly #failed = (operation: string, error: Error, whatNext: string): Effect.Effect<void> =>
    Effect.flatMap(Clock.Clock, (clock) => {
      const now = monotonicMillis(clock)
      this.#stats.writeErrors++
      const first = this.#episode === null
      this.#episode ??= { startedAt: now, retryAt: 0, lostBefore: this.#stats.rowsLost }
      this.#episode.retryAt = now + this.#retryMillis
      return first ? Effect.logError(`could not ${operation}: ${errorText(error)}; ${whatNext}`) : Effect.void
    })

  /** Notes that writing works. */
  readonly #worked: Effect.Effect<void> = Effect.suspend(() => {
    const episode = this.#episode
    if (episode === null) return Effect.void
    this.#episode = null
    this.#lossLogged = false
    return Effect.flatMap(Clock.Clock, (clock) => {
      const seconds = Math.round((monotonicMillis(clock) - episode.startedAt) / 1000)
      // By the counter, from which whoever brought rows that are lost may take those that it kept.
      const lost = this.#stats.rowsLost - episode.lostBefore
      return Effect.logInfo(`writing works again after ${seconds} s; rows lost meanwhile: ${lost}`)
    })
  })
}
