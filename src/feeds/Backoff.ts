import { Clock, Duration, Effect, Random, Schedule } from "effect"

/** How long to wait between two attempts of a feed. */
export interface Options {
  readonly initialSecs: number
  readonly maxSecs: number
}

/** The share by which a delay is spread around its ideal, so that feeds that fail together do not come back in step. */
export const jitter = 0.25

/** What a schedule step is told of the failure that it follows. */
export interface Failure {
  /** The venue refused what we asked for: asking again soon is pointless. */
  readonly retrySlowly: boolean
}

/**
 * For ever: exponential from `initialSecs` by 2, each delay spread by `jitter`, never above `maxSecs`. A failure that
 * is to be retried slowly waits for the longest delay at once.
 */
export const schedule = (options: Options): Schedule.Schedule<Duration.Duration, Failure> => {
  const max = options.maxSecs * 1000
  return Schedule.exponential(Duration.seconds(options.initialSecs)).pipe(
    Schedule.setInputType<Failure>(),
    Schedule.modifyDelay(({ duration, input }) => {
      const ideal = input.retrySlowly ? max : Math.min(Duration.toMillis(duration), max)
      // Cut off rather than clamped: half of all feeds would otherwise wait for exactly the cap, and return in step.
      const longest = Math.min(ideal * (1 + jitter), max)
      return Effect.map(Random.nextBetween(ideal * (1 - jitter), longest), Duration.millis)
    })
  )
}

/** How one attempt ended. */
export interface Attempt extends Failure {
  /** Whether it ran well enough for the delays to start afresh. */
  readonly healthy: boolean
}

/**
 * Runs `attempt` again and again, for ever, waiting along `schedule` in between. `onWait` hears each delay before it
 * is slept.
 */
export const keepRunning = Effect.fnUntraced(function*<R, O>(options: {
  readonly attempt: Effect.Effect<Attempt, never, R>
  readonly schedule: Schedule.Schedule<O, Failure>
  readonly onWait: (delay: Duration.Duration) => Effect.Effect<void>
}) {
  let step = yield* Schedule.toStep(options.schedule)
  while (true) {
    const attempt = yield* options.attempt
    if (attempt.healthy) step = yield* Schedule.toStep(options.schedule)
    const [, delay] = yield* Effect.orDie(step(yield* Clock.currentTimeMillis, attempt))
    yield* options.onWait(delay)
    yield* Effect.sleep(delay)
  }
})
