import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { monotonicMillis } from "../../src/runtime/monotonic.ts"
import { watch } from "../../src/feeds/Watchdog.ts"

const start = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const begun = monotonicMillis(clock)
  const now = () => monotonicMillis(clock) - begun
  const state = { lastData: 0, warnings: [] as Array<number> }
  const fiber = yield* Effect.forkChild(
    watch({
      timeoutMillis: 120_000,
      nowMillis: now,
      lastData: () => state.lastData,
      onQuiet: () =>
        Effect.sync(() => {
          state.warnings.push(now())
        })
    })
  )
  return { state, fiber, now }
})

describe("Watchdog", () => {
  it.effect("warns after one timeout and gives up after three, counted from the subscription", () =>
    Effect.gen(function*() {
      const { fiber, state } = yield* start
      yield* TestClock.adjust("119 seconds")
      assert.deepStrictEqual(state.warnings, [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(state.warnings, [120_000])
      yield* TestClock.adjust("239 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(error.quietMillis, 360_000)
      assert.deepStrictEqual(state.warnings, [120_000])
    }))

  it.effect("never fires while data arrives, and warns once for each quiet spell", () =>
    Effect.gen(function*() {
      const { fiber, now, state } = yield* start
      for (let i = 0; i < 100; i++) {
        yield* TestClock.adjust("100 seconds")
        state.lastData = now()
      }
      assert.deepStrictEqual(state.warnings, [])
      yield* TestClock.adjust("200 seconds")
      state.lastData = now()
      yield* TestClock.adjust("200 seconds")
      assert.strictEqual(state.warnings.length, 2)
      yield* Fiber.interrupt(fiber)
    }))
})
