import { Effect, Schedule } from "effect"

/** Waits for a condition, without limit: the test's own timeout is the limit. */
export const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.sync(condition).pipe(
    Effect.repeat({ schedule: Schedule.spaced("5 millis"), until: (met) => met }),
    Effect.asVoid
  )
