import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { generated } from "./generated.ts"
import { metricTables } from "./metricTables.ts"

describe("docs/metrics.md", () => {
  it.effect("has every metric as it is defined", () =>
    Effect.map(metricTables, (tables) => {
      const { expected, found } = generated("metrics.md", tables)
      assert.strictEqual(found, expected)
    }))
})
