import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { defaults, makeCircuitBreaker } from "../../src/feeds/CircuitBreaker.ts"

const Frame = Schema.Struct({
  parsed: Schema.Boolean,
  gapMillis: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 }))
})

describe("CircuitBreaker", () => {
  it.prop(
    "trips exactly when half of at least a hundred frames of the last minute failed",
    [Arbitrary.array(Arbitrary.schema(Frame), { minLength: 0, maxLength: 400 })],
    ([frames]) => {
      const breaker = makeCircuitBreaker()
      const seen: Array<{ slot: number; parsed: boolean }> = []
      let now = 5_000_000
      for (const frame of frames) {
        now += frame.gapMillis
        const slot = Math.floor(now / 1000)
        seen.push({ slot, parsed: frame.parsed })
        const window = seen.filter((other) => other.slot > slot - 60)
        const failures = window.filter((other) => !other.parsed).length
        const expected = !frame.parsed && window.length >= 100 && failures >= window.length / 2
        assert.strictEqual(breaker.record(frame.parsed, now), expected)
      }
    },
    { arbitrary: { runs: 100 } }
  )

  it("trips at the hundredth frame when nothing parses", () => {
    const breaker = makeCircuitBreaker()
    for (let i = 1; i < defaults.minimumFrames; i++) assert.isFalse(breaker.record(false, i))
    assert.isTrue(breaker.record(false, 100))
  })

  it("forgets what is older than its window", () => {
    const breaker = makeCircuitBreaker()
    for (let i = 0; i < 99; i++) breaker.record(false, i)
    assert.isFalse(breaker.record(false, defaults.windowMillis + 1000))
  })
})
