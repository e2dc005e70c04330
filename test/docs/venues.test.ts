import { assert, describe, it } from "@effect/vitest"
import { generated } from "./generated.ts"
import { venueTable } from "./venueTable.ts"

describe("docs/venues.md", () => {
  it("has the capability table of the adapters as they are", () => {
    const { expected, found } = generated("venues.md", venueTable())
    assert.strictEqual(found, expected)
  })
})
