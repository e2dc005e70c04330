import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { DaySums } from "../../src/telemetry/DaySums.ts"

const minute = 60_000_000
const hour = 60 * minute
const start = 1_795_000_000_000_000

const Steps = Arbitrary.array(
  Arbitrary.schema(
    Schema.Struct({
      /** Minutes since the step before. */
      later: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3000 })),
      amount: Schema.Int.check(Schema.isBetween({ minimum: -5, maximum: 100 })),
      /** Minutes before the present. */
      ago: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2000 })),
      long: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2000 }))
    })
  ),
  { maxLength: 30 }
)

describe("sums of a day", () => {
  it.prop(
    "are of what happened since they begin, which is a day ago at most and less by ten minutes at most",
    [Steps],
    ([steps]) => {
      const sums = new DaySums(2)
      const added: Array<{ readonly at: number; readonly amount: number }> = []
      const spans: Array<{ readonly from: number; readonly to: number }> = []
      let now = start
      for (const { ago, amount, later, long } of steps) {
        now += later * minute
        sums.rollTo(now)
        const at = now - ago * minute
        sums.add(0, at, amount)
        added.push({ at, amount })
        const to = Math.min(now, at + long * minute)
        sums.addSpan(1, at, to, 1)
        spans.push({ from: at, to })
        const begins = sums.beginsMicros
        assert.isTrue(now - begins <= 24 * hour && now - begins > 24 * hour - 10 * minute)
        const amounts = added.reduce((sum, each) => sum + (each.at >= begins ? each.amount : 0), 0)
        const micros = spans.reduce((sum, each) => sum + Math.max(0, each.to - Math.max(each.from, begins)), 0)
        assert.deepStrictEqual([sums.total(0), sums.total(1)], [amounts, micros])
      }
    }
  )

  it("a span that is taken off leaves nothing, though a part of it is of no account any more", () => {
    const sums = new DaySums(1)
    sums.rollTo(start)
    sums.addSpan(0, start - 5 * hour, start, 1)
    sums.rollTo(start + 21 * hour)
    assert.isBelow(sums.total(0), 3 * hour + 10 * minute)
    sums.addSpan(0, start - 5 * hour, start, -1)
    assert.strictEqual(sums.total(0), 0)
  })

  it("begin anew when the clock is set back by more than a day", () => {
    const sums = new DaySums(1)
    sums.rollTo(start + 1000 * hour)
    sums.add(0, start + 1000 * hour, 5)
    sums.rollTo(start + 990 * hour)
    assert.strictEqual(sums.total(0), 5)
    sums.rollTo(start)
    assert.strictEqual(sums.total(0), 0)
    sums.add(0, start, 7)
    assert.strictEqual(sums.total(0), 7)
  })

  it("have nothing of the time before they begin anew, also where it is told of afterwards", () => {
    const sums = new DaySums(2)
    sums.rollTo(start)
    assert.strictEqual(sums.begunMicros, 0)
    sums.add(0, start, 5)
    sums.rollTo(start + 1000 * hour)
    const back = start + hour
    sums.rollTo(back)
    assert.deepStrictEqual([sums.begunMicros, sums.beginsMicros], [back, back])
    sums.add(0, start, -5)
    sums.addSpan(1, start, back + minute, 1)
    assert.deepStrictEqual([sums.total(0), sums.total(1)], [0, minute])
    sums.rollTo(back + 30 * hour)
    assert.isAbove(sums.beginsMicros, back)
  })
})
