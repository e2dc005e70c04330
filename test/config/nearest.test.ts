import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { nearest } from "../../src/config/nearest.ts"

const keys = ["queue_capacity", "max_attempts", "port"]

describe("nearest", () => {
  it.each([
    ["queue_capacty", "queue_capacity"],
    ["QUEUE_CAPACITY", "queue_capacity"],
    ["quuee_capacity", "queue_capacity"],
    ["max_attemps", "max_attempts"],
    ["prot", "port"],
    ["host", null],
    ["", null],
    ["something_else", null],
    ["port".repeat(1000), null]
  ])("%s: %s", (word, expected) => {
    assert.strictEqual(nearest(word, keys), expected)
  })

  it.prop(
    "takes what is there",
    { words: Schema.NonEmptyArray(Schema.String.check(Schema.isMaxLength(60))) },
    ({ words }) => nearest(words[0], words)?.toLowerCase() === words[0].toLowerCase()
  )
})
