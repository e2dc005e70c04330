import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { toWholeSecond } from "../../src/feeds/wholeSecond.ts"

const moment = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 45 }))
const long = Schema.Int.check(Schema.isBetween({ minimum: 5000, maximum: 86_400_000 }))
const short = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4999 }))

describe("a wait that ends with a second", () => {
  it.prop("is no longer than asked for, and less than a second shorter", [moment, long], ([now, millis]) => {
    const wait = toWholeSecond(now, millis)
    assert.strictEqual((now + wait) % 1000, 0)
    assert.isAtMost(wait, millis)
    assert.isAbove(wait, millis - 1000)
  })

  it.prop("is left as it is where it is short", [moment, short], ([now, millis]) => {
    assert.strictEqual(toWholeSecond(now, millis), millis)
  })
})
