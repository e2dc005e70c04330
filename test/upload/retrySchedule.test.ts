import { assert, it } from "@effect/vitest"
import { Duration, Effect, Exit, Random, Schedule, Schema } from "effect"
import { StoreError } from "../../src/upload/ObjectStore.ts"
import { retrySchedule } from "../../src/upload/retrySchedule.ts"

const failure = new StoreError({ key: "k", reason: "Unavailable", explanation: "it is away" })

it.effect.prop(
  "retries double, spread by a quarter, stay below the longest delay, and end",
  [Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 })), Schema.String],
  ([maxAttempts, seed]) =>
    Effect.gen(function*() {
      const schedule = retrySchedule({ maxAttempts, initialRetryDelay: "1 second", maxRetryDelay: "30 seconds" })
      const step = yield* Schedule.toStep(schedule)
      for (let retry = 0; retry < maxAttempts - 1; retry++) {
        const [, delay] = yield* step(0, failure)
        const ideal = 1000 * 2 ** retry
        assert.isAtLeast(Duration.toMillis(delay), Math.min(ideal * 0.75, 30_000))
        assert.isAtMost(Duration.toMillis(delay), Math.min(ideal * 1.25, 30_000))
      }
      assert.isTrue(Exit.isFailure(yield* Effect.exit(step(0, failure))))
    }).pipe(Random.withSeed(seed)),
  { arbitrary: { runs: 100 } }
)

it.effect.each([
  [0.1, 1000],
  [20, 20_000],
  [90, 90_000],
  [86_400, 300_000]
])(
  "a store that asks for %d s is left alone for at least %d ms",
  ([askedSecs = 0, leastMillis = 0]) =>
    Effect.gen(function*() {
      const schedule = retrySchedule({ maxAttempts: 5, initialRetryDelay: "1 second", maxRetryDelay: "30 seconds" })
      const step = yield* Schedule.toStep(schedule)
      const asking = new StoreError({ ...failure, retryAfterMillis: askedSecs * 1000 })
      const [, delay] = yield* step(0, asking)
      assert.isAtLeast(Duration.toMillis(delay), leastMillis * 0.75)
      if (leastMillis > 1250) assert.strictEqual(Duration.toMillis(delay), leastMillis)
    })
)
