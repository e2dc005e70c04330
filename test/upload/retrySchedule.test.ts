import { assert, it } from "@effect/vitest"
import { Duration, Effect, Exit, Random, Schedule, Schema } from "effect"
import { retrySchedule } from "../../src/upload/retrySchedule.ts"

it.effect.prop(
  "retries double, spread by a quarter, stay below the longest delay, and end",
  [Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 })), Schema.String],
  ([maxAttempts, seed]) =>
    Effect.gen(function*() {
      const schedule = retrySchedule({ maxAttempts, initialRetryDelay: "1 second", maxRetryDelay: "30 seconds" })
      const step = yield* Schedule.toStep(schedule)
      for (let retry = 0; retry < maxAttempts - 1; retry++) {
        const [, delay] = yield* step(0, undefined)
        const ideal = 1000 * 2 ** retry
        assert.isAtLeast(Duration.toMillis(delay), Math.min(ideal * 0.75, 30_000))
        assert.isAtMost(Duration.toMillis(delay), Math.min(ideal * 1.25, 30_000))
      }
      assert.isTrue(Exit.isFailure(yield* Effect.exit(step(0, undefined))))
    }).pipe(Random.withSeed(seed)),
  { arbitrary: { runs: 100 } }
)
