import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Clock, Duration, Effect, Fiber, Random, Ref, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Backoff from "../../src/feeds/Backoff.ts"

const delaysOf = Effect.fnUntraced(function*(options: Backoff.Options, count: number, retrySlowly = false) {
  const step = yield* Schedule.toStep(Backoff.schedule(options))
  const delays: Array<number> = []
  for (let i = 0; i < count; i++) {
    const [, delay] = yield* step(i, { retrySlowly })
    delays.push(Duration.toMillis(delay))
  }
  return delays
})

const Options = Schema.Struct({
  initialSecs: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })),
  factor: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 600 }))
})
const optionsArbitrary = Arbitrary.map(Arbitrary.schema(Options), ({ factor, initialSecs }) => ({
  initialSecs,
  maxSecs: initialSecs * factor
}))

describe("Backoff.schedule", () => {
  it.effect.prop(
    "stays within 25 % of an ideal that doubles, and never above the cap",
    [optionsArbitrary, Schema.String],
    ([options, seed]) =>
      Effect.gen(function*() {
        const delays = yield* delaysOf(options, 40)
        for (const [n, delay] of delays.entries()) {
          const ideal = Math.min(options.initialSecs * 1000 * 2 ** n, options.maxSecs * 1000)
          assert.isAtMost(delay, Math.min(ideal * 1.25, options.maxSecs * 1000) + 0.001)
          assert.isAtLeast(delay, ideal * 0.75 - 0.001)
        }
      }).pipe(Random.withSeed(seed)),
    { arbitrary: { runs: 200 } }
  )

  it.effect.prop(
    "goes on for ever: a thousand failures later it still gives a delay at the cap",
    [Schema.String],
    ([seed]) =>
      Effect.gen(function*() {
        const delays = yield* delaysOf({ initialSecs: 1, maxSecs: 60 }, 2000)
        assert.isAtLeast(delays.at(-1)!, 45_000)
        assert.isAtMost(Math.max(...delays), 60_000)
      }).pipe(Random.withSeed(seed)),
    { arbitrary: { runs: 5 } }
  )

  it.effect("waits for the longest delay at once after a refusal", () =>
    Effect.gen(function*() {
      for (const delay of yield* delaysOf({ initialSecs: 1, maxSecs: 60 }, 50, true)) {
        assert.isAtLeast(delay, 45_000)
        assert.isAtMost(delay, 60_000)
      }
    }))

  it.effect("spreads feeds at the cap too", () =>
    Effect.gen(function*() {
      const delays = yield* delaysOf({ initialSecs: 1, maxSecs: 60 }, 1000, true)
      assert.isAbove(new Set(delays.map((delay) => Math.round(delay))).size, 900)
    }))

  it.effect("does not bring back in step a thousand feeds that lost their venue together", () =>
    Effect.gen(function*() {
      const feeds = yield* Effect.forEach(
        Array.from({ length: 1000 }),
        () => delaysOf({ initialSecs: 1, maxSecs: 60 }, 4)
      )
      for (let attempt = 0; attempt < 4; attempt++) {
        const times = feeds.map((delays) => delays.slice(0, attempt + 1).reduce((sum, delay) => sum + delay, 0))
        const spread = Math.max(...times) - Math.min(...times)
        const slot = spread / 20
        const busiest = Math.max(
          ...Array.from(
            { length: 20 },
            (_, i) =>
              times.filter((time) =>
                time >= Math.min(...times) + i * slot && time < Math.min(...times) + (i + 1) * slot
              ).length
          )
        )
        assert.isAtLeast(spread, 450 * 2 ** attempt)
        assert.isAtMost(busiest, 200)
      }
    }))
})

const attempts = Effect.fnUntraced(function*(runs: ReadonlyArray<{ millis: number; healthy: boolean }>) {
  const starts = yield* Ref.make<ReadonlyArray<number>>([])
  const attempt = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const n = (yield* Ref.getAndUpdate(starts, (seen) => [...seen, now])).length
    const run = runs[n]
    if (run === undefined) return yield* Effect.never
    yield* Effect.sleep(run.millis)
    return { healthy: run.healthy, retrySlowly: false }
  })
  const fiber = yield* Effect.forkChild(
    Backoff.keepRunning({ attempt, schedule: Schedule.exponential(1000), onWait: () => Effect.void })
  )
  yield* TestClock.adjust("1 hour")
  yield* Fiber.interrupt(fiber)
  return yield* Ref.get(starts)
})

describe("Backoff.keepRunning", () => {
  it.effect("waits longer after each failure", () =>
    Effect.gen(function*() {
      const failure = { millis: 0, healthy: false }
      assert.deepStrictEqual(yield* attempts([failure, failure, failure]), [0, 1000, 3000, 7000])
    }))

  it.effect("starts afresh after a healthy run, but never without a delay", () =>
    Effect.gen(function*() {
      const failure = { millis: 0, healthy: false }
      const healthy = { millis: 60_000, healthy: true }
      assert.deepStrictEqual(
        yield* attempts([failure, failure, healthy, failure, failure]),
        [0, 1000, 3000, 64_000, 66_000, 70_000]
      )
    }))

  it.effect("does not take a long run without data for a healthy one", () =>
    Effect.gen(function*() {
      const quiet = { millis: 60_000, healthy: false }
      assert.deepStrictEqual(yield* attempts([quiet, quiet]), [0, 61_000, 123_000])
    }))
})
