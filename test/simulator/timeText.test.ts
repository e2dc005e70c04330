import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { goTime, MomentSource, rfc3339, rfc3339Micros } from "../../src/simulator/timeText.ts"

const millis = Date.UTC(2026, 7, 24, 22, 34, 13, 823)

describe("timeText", () => {
  it("writes times as they were seen on the wire", () => {
    assert.strictEqual(rfc3339({ millis, nanos: 100_970 }), "2026-08-24T22:34:13.82310097Z")
    assert.strictEqual(rfc3339({ millis, nanos: 0 }), "2026-08-24T22:34:13.823Z")
    assert.strictEqual(rfc3339({ millis: millis - 823, nanos: 0 }), "2026-08-24T22:34:13Z")
    assert.strictEqual(rfc3339Micros(millis * 1_000 + 63), "2026-08-24T22:34:13.823063Z")
    assert.strictEqual(
      goTime({ millis, nanos: 162_940 }, 75_497),
      "2026-08-24 22:34:13.82316294 +0000 UTC m=+75497.823162940"
    )
  })

  it.prop("moments never repeat and never run backwards", [
    Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 })))
  ], ([pauses]) => {
    const source = new MomentSource()
    let now = millis
    let before = -1n
    for (const pause of pauses) {
      now += pause
      const moment = source.at(now, 999_990)
      const nanos = BigInt(moment.millis) * 1_000_000n + BigInt(moment.nanos)
      assert.isTrue(nanos > before)
      before = nanos
    }
  })
})
