import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { meet, meeting, type Span, without } from "../../src/completeness/Span.ts"

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const AnySpan = Arbitrary.map(
  Arbitrary.schema(Schema.Struct({ from: int(0, 40), length: int(0, 10) })),
  ({ from, length }): Span => ({ from, to: from + length })
)
const Spans = Arbitrary.array(AnySpan, { maxLength: 10 })

describe("Span", () => {
  it.effect.prop(
    "meets some of many where it meets one",
    [Spans, AnySpan],
    ([spans, span]) =>
      Effect.sync(() => assert.strictEqual(meeting(spans)(span), spans.some((each) => meet(each, span))))
  )

  it.effect.prop(
    "without others has what is in none of them, moment by moment",
    [AnySpan, Spans],
    ([whole, parts]) =>
      Effect.sync(() => {
        const left = without(whole, parts)
        const within = (moment: number) => ({ from, to }: Span) => from <= moment && moment < to
        for (let moment = -1; moment < 60; moment++) {
          const expected = within(moment)(whole) && !parts.some(within(moment))
          assert.strictEqual(left.some(within(moment)), expected)
        }
      })
  )
})
