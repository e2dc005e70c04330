import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Ref, Schema } from "effect"
import { TestClock } from "effect/testing"
import { ConnectLimiter } from "../../src/feeds/ConnectLimiter.ts"

const attemptsOf = Effect.fnUntraced(function*(feeds: number, limit: { count: number; perMillis: number }) {
  const limiter = yield* ConnectLimiter
  const times = yield* Ref.make<ReadonlyArray<number>>([])
  const fiber = yield* Effect.forkChild(
    Effect.forEach(
      Array.from({ length: feeds }),
      () =>
        limiter.acquire("okx", limit).pipe(
          Effect.andThen(Clock.currentTimeMillis),
          Effect.flatMap((now) => Ref.update(times, (seen) => [...seen, now]))
        ),
      { concurrency: "unbounded", discard: true }
    )
  )
  yield* Effect.yieldNow
  return { times: Ref.get(times), fiber }
})

describe("ConnectLimiter", () => {
  it.effect.prop(
    "lets no more than the limit pass within any span, and all in the end without idling",
    [
      Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 })),
      Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 }))
    ],
    ([count, feeds]) =>
      Effect.gen(function*() {
        const limit = { count, perMillis: 1000 }
        const { fiber, times } = yield* attemptsOf(feeds, limit)
        yield* TestClock.adjust("2 minutes")
        yield* Fiber.join(fiber)
        const seen = yield* times
        assert.strictEqual(seen.length, feeds)
        for (let i = count; i < seen.length; i++) assert.isAtLeast(seen[i]! - seen[i - count]!, 1000)
        assert.isAtMost(seen.at(-1)!, Math.ceil(feeds / count) * 1000 + feeds * 50)
        for (let i = 1; i < seen.length; i++) assert.isAtLeast(seen[i]! - seen[i - 1]!, 50)
      }).pipe(Effect.provide(ConnectLimiter.layer, { local: true })),
    { arbitrary: { runs: 60 } }
  )

  it.effect("stops every attempt while the venue wants to be left alone, those that wait already too", () =>
    Effect.gen(function*() {
      const limiter = yield* ConnectLimiter
      const { fiber, times } = yield* attemptsOf(3, { count: 1, perMillis: 1000 })
      assert.strictEqual((yield* times).length, 1)
      yield* limiter.pause("okx", 30_000)
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual((yield* times).length, 1)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* times, [0, 30_000, 31_000])
    }).pipe(Effect.provide(ConnectLimiter.layer)))

  it.effect("keeps venues apart", () =>
    Effect.gen(function*() {
      const limiter = yield* ConnectLimiter
      yield* limiter.pause("okx", 60_000)
      yield* limiter.acquire("upbit", { count: 1, perMillis: 1000 })
      assert.strictEqual(yield* Clock.currentTimeMillis, 0)
    }).pipe(Effect.provide(ConnectLimiter.layer)))
})
