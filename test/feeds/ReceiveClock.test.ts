import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, type Clock, Effect, Schema } from "effect"
import { makeReceiveClock } from "../../src/feeds/ReceiveClock.ts"

/** A machine whose system clock and monotonic counter are set by hand. */
const makeMachine = (wallMillis: number) => {
  let monotonicNanos = 123_456_789n
  let wallMicros = wallMillis * 1000
  const unused = () => {
    throw new Error("not part of this clock")
  }
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => Math.floor(wallMicros / 1000),
    monotonicTimeNanosUnsafe: () => monotonicNanos,
    currentTimeNanosUnsafe: unused,
    currentTimeMillis: Effect.sync(unused),
    currentTimeNanos: Effect.sync(unused),
    monotonicTimeNanos: Effect.sync(unused),
    sleep: unused
  }
  return {
    clock,
    wallMicros: () => wallMicros,
    pass: (micros: number, drift: number) => {
      monotonicNanos += BigInt(Math.round(micros * 1000))
      wallMicros += micros * (1 + drift)
    },
    setBack: (millis: number) => {
      wallMicros -= millis * 1000
    }
  }
}

const Step = Schema.Struct({
  micros: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 50_000_000 })),
  driftPpm: Schema.Int.check(Schema.isBetween({ minimum: -500, maximum: 500 }))
})

describe("ReceiveClock", () => {
  it.prop(
    "stays within a millisecond of a drifting system clock and never runs backwards",
    [Arbitrary.array(Arbitrary.schema(Step))],
    ([steps]) => {
      const machine = makeMachine(1_790_000_000_000)
      const receive = makeReceiveClock(machine.clock)
      let last = 0
      for (const step of steps) {
        machine.pass(step.micros, step.driftPpm / 1e6)
        const now = receive.nowMicros()
        assert.isTrue(Number.isInteger(now))
        assert.isAtLeast(now, last)
        assert.isAtMost(Math.abs(now - machine.wallMicros()), 1000)
        last = now
      }
    },
    { arbitrary: { runs: 300 } }
  )

  it("follows the system clock over a month in which the counter drifts away by minutes", () => {
    const machine = makeMachine(1_790_000_000_000)
    const receive = makeReceiveClock(machine.clock)
    for (let minute = 0; minute < 30 * 24 * 60; minute++) {
      machine.pass(60e6, 100e-6)
      assert.isAtMost(Math.abs(receive.nowMicros() - machine.wallMicros()), 1000)
    }
  })

  it("tells apart frames of the same millisecond", () => {
    const machine = makeMachine(1_790_000_000_000)
    const receive = makeReceiveClock(machine.clock)
    const first = receive.nowMicros()
    machine.pass(250, 0)
    assert.strictEqual(receive.nowMicros(), first + 250)
  })

  it("stands still when the system clock is set back, and goes on when it has caught up", () => {
    const machine = makeMachine(1_790_000_000_000)
    const receive = makeReceiveClock(machine.clock)
    const before = receive.nowMicros()
    machine.setBack(5000)
    machine.pass(1_000_000, 0)
    assert.strictEqual(receive.nowMicros(), before)
    machine.pass(10_000_000, 0)
    assert.isAtMost(Math.abs(receive.nowMicros() - machine.wallMicros()), 1000)
  })
})
