import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { MissingIds } from "../../src/completeness/MissingIds.ts"

const Int = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 120 }))
const Fill = Schema.Struct({ first: Int, length: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10 })) })

describe("MissingIds", () => {
  it.effect.prop(
    "knows to the id what is missing, and how much of it came",
    [Arbitrary.array(Arbitrary.schema(Fill), { maxLength: 20 })],
    ([fills]) =>
      Effect.sync(() => {
        const missing = new MissingIds(10)
        const model = new Set<number>()
        for (let first = 5; first < 105; first += 10) {
          missing.add({ first, last: first + 4 })
          for (let id = first; id <= first + 4; id++) model.add(id)
        }
        for (const { first, length } of fills) {
          let came = 0
          for (let id = first; id < first + length; id++) if (model.delete(id)) came++
          assert.strictEqual(missing.take(first, first + length - 1), came)
        }
        assert.strictEqual(missing.take(0, 1000), model.size)
      })
  )

  it("forgets the oldest hole when there are too many", () => {
    const missing = new MissingIds(2)
    for (const first of [1, 11, 21]) missing.add({ first, last: first + 1 })
    assert.strictEqual(missing.take(1, 2), 0)
    assert.strictEqual(missing.take(11, 12), 2)
    assert.strictEqual(missing.take(0, 100), 2)
  })
})
