import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Histogram } from "../../src/telemetry/Histogram.ts"

describe("Histogram", () => {
  it("a value that is a bound belongs to it", () => {
    const histogram = new Histogram([1, 2])
    for (const value of [0, 1, 1.5, 2, 2.5, 99]) histogram.observe(value)
    assert.deepStrictEqual([...histogram.counts], [2, 2, 2])
    assert.strictEqual(histogram.sum, 106)
    assert.strictEqual(histogram.count, 6)
  })

  it.prop(
    "each value is counted once, with the first bound that it does not exceed",
    { bounds: Schema.Array(Schema.Finite), values: Schema.Array(Schema.Finite) },
    ({ bounds, values }) => {
      const ascending = [...new Set(bounds)].toSorted((a, b) => a - b)
      const histogram = new Histogram(ascending)
      for (const value of values) histogram.observe(value)
      const edges = [...ascending, Infinity]
      const expected = edges.map((edge, place) =>
        values.filter((value) => value <= edge && (place === 0 || value > (edges[place - 1] ?? NaN))).length
      )
      assert.deepStrictEqual([...histogram.counts], expected)
      assert.strictEqual(histogram.count, values.length)
      assert.strictEqual(histogram.sum, values.reduce((sum, value) => sum + value, 0))
    }
  )
})
