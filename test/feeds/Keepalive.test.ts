import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Keepalive } from "../../src/exchanges/Exchange.ts"
import { keepAlive } from "../../src/feeds/Keepalive.ts"
import { monotonicMillis } from "../../src/runtime/monotonic.ts"

const rule: Keepalive = {
  ping: { _tag: "PingFrame" },
  everyMillis: 20_000,
  replyWithinMillis: 10_000,
  heartbeatWithinMillis: null
}

const start = (rule: Keepalive) =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const now = () => monotonicMillis(clock)
    const state = { pings: [] as Array<number>, lastHeard: now(), lastPong: now(), missing: 0, answer: true }
    const fiber = yield* Effect.forkChild(keepAlive(rule, {
      nowMillis: now,
      sendPing: () => {
        state.pings.push(now())
        if (state.answer) state.lastPong = state.lastHeard = now()
      },
      lastHeard: () => state.lastHeard,
      lastPong: () => state.lastPong,
      onMissingPong: Effect.sync(() => {
        state.missing++
      })
    }))
    return { state, fiber, now, begun: now() }
  })

describe("Keepalive", () => {
  it.effect("pings at the venue's pace for as long as pongs come", () =>
    Effect.gen(function*() {
      const { begun, fiber, state } = yield* start(rule)
      yield* TestClock.adjust("90 seconds")
      assert.deepStrictEqual(state.pings.map((at) => at - begun), [10_000, 30_000, 50_000, 70_000, 90_000])
      assert.isUndefined(fiber.pollUnsafe())
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("pings together with connections that were opened at another moment, and never later for it", () =>
    Effect.gen(function*() {
      const one = yield* start(rule)
      yield* TestClock.adjust("300 millis")
      const other = yield* start(rule)
      yield* TestClock.adjust("70 seconds")
      assert.lengthOf(one.state.pings, 4)
      assert.deepStrictEqual(other.state.pings, one.state.pings)
      yield* Fiber.interruptAll([one.fiber, other.fiber])
    }))

  it.effect("fails when a ping stays unanswered and nothing else is heard", () =>
    Effect.gen(function*() {
      const { fiber, state } = yield* start(rule)
      yield* TestClock.adjust("30 seconds")
      state.answer = false
      yield* TestClock.adjust("29 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(error._tag, "ConnectionSilent")
    }))

  it.effect("does not end a connection that delivers, whatever became of its pongs", () =>
    Effect.gen(function*() {
      const { fiber, now, state } = yield* start(rule)
      state.answer = false
      for (let i = 0; i < 100; i++) {
        yield* TestClock.adjust("1 second")
        state.lastHeard = now()
      }
      assert.isUndefined(fiber.pollUnsafe())
      assert.isAtLeast(state.missing, 3)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("fails when the heartbeats that a venue owes stay away", () =>
    Effect.gen(function*() {
      const { fiber, now, state } = yield* start({ ...rule, heartbeatWithinMillis: 5000 })
      state.answer = false
      for (let i = 0; i < 8; i++) {
        yield* TestClock.adjust("1 second")
        state.lastHeard = now()
      }
      yield* TestClock.adjust("4999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Effect.flip(Fiber.join(fiber))).silentMillis, 5000)
    }))
})
