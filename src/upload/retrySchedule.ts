import { Duration, Effect, Random, Schedule } from "effect"
import type { StoreError } from "./ObjectStore.ts"

/** When one file is tried again. */
export interface Options {
  readonly maxAttempts: number
  readonly initialRetryDelay: Duration.Input
  readonly maxRetryDelay: Duration.Input
}

/** A store that asks for more is asked again by a later scan; one file must not hold a worker for longer. */
const longestRetryAfter = Duration.minutes(5)

/**
 * Exponential by 2 with ±25 % jitter, never above the longest delay, `maxAttempts` in all; but never before the store wants it.
 */
export const retrySchedule = (options: Options): Schedule.Schedule<Duration.Duration, StoreError> => {
  const longest = Duration.fromInputUnsafe(options.maxRetryDelay)
  return Schedule.exponential(options.initialRetryDelay).pipe(
    Schedule.setInputType<StoreError>(),
    Schedule.modifyDelay(({ duration, input }) =>
      Effect.map(Random.nextBetween(0.75, 1.25), (factor) => {
        const asked = Duration.min(Duration.millis(input.retryAfterMillis ?? 0), longestRetryAfter)
        return Duration.max(Duration.min(Duration.times(duration, factor), longest), asked)
      })
    ),
    Schedule.upTo({ times: options.maxAttempts - 1 })
  )
}
