import { assert, describe, it } from "@effect/vitest"
import { connectTable } from "./connectTable.ts"
import { generated } from "./generated.ts"

describe("docs/scaling.md", () => {
  it("has the limits of the adapters as they are", () => {
    const { expected, found } = generated("scaling.md", connectTable())
    assert.strictEqual(found, expected)
  })
})
