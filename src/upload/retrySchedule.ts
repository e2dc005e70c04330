import { Duration, Effect, Random, Schedule } from "effect"

/** When one file is tried again. */
export interface Options {
  readonly maxAttempts: number
  readonly initialRetryDelay: Duration.Input
  readonly maxRetryDelay: Duration.Input
}

/** Exponential by 2 with ±25 % jitter, never above the longest delay, `maxAttempts` in all. */
export const retrySchedule = (options: Options): Schedule.Schedule<Duration.Duration> => {
  const longest = Duration.fromInputUnsafe(options.maxRetryDelay)
  return Schedule.exponential(options.initialRetryDelay).pipe(
    Schedule.modifyDelay(({ duration }) =>
      Effect.map(Random.nextBetween(0.75, 1.25), (factor) => Duration.min(Duration.times(duration, factor), longest))
    ),
    Schedule.upTo({ times: options.maxAttempts - 1 })
  )
}
