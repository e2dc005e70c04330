import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { PageBytes } from "../../src/sinks/PageBytes.ts"
import * as spareBytes from "../../src/sinks/spareBytes.ts"

const Length = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 300_000 }))
const Step = Schema.Struct({
  page: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 })),
  does: Schema.Literals(["append", "release"]),
  length: Length
})

describe("spareBytes", () => {
  // First, while nothing else waits.
  it("keeps a bounded amount", () => {
    const taken = Array.from({ length: 60 }, () => spareBytes.take(1 << 20))
    for (const buffer of taken) spareBytes.give(buffer)
    const next = new Set(taken.map(() => spareBytes.take(1 << 20)))
    const kept = taken.filter((buffer) => next.has(buffer)).length
    assert.strictEqual(kept, 48)
  })

  it.prop("has room for what is asked, and gives no buffer to two at once", [Schema.Array(Length)], ([lengths]) => {
    const taken = lengths.map((length) => spareBytes.take(length))
    assert.strictEqual(new Set(taken.map((buffer) => buffer.buffer)).size, taken.length)
    for (const [i, buffer] of taken.entries()) {
      assert.isAtLeast(buffer.length, lengths[i] ?? 0)
      assert.strictEqual(Math.log2(buffer.length) % 1, 0)
    }
    for (const buffer of taken) spareBytes.give(buffer)
  })

  it("uses again what was given back, if it is neither small nor very large", () => {
    const again = (bytes: number) => {
      const buffer = spareBytes.take(bytes)
      spareBytes.give(buffer)
      const next = spareBytes.take(bytes)
      spareBytes.give(next)
      return next === buffer
    }
    assert.deepStrictEqual([512, 1024, 100_000, 8 << 20, 16 << 20].map(again), [false, true, true, true, false])
  })

  it.prop("pages that grow and go in any order hold their own bytes", [Schema.Array(Step)], ([steps]) => {
    const pages = Array.from({ length: 4 }, () => ({ bytes: new PageBytes(64), expected: Buffer.alloc(0) }))
    for (const [i, { does, length, page }] of steps.entries()) {
      const at = pages[page]!
      if (does === "release") {
        at.bytes.release()
        at.expected = Buffer.alloc(0)
      } else {
        const value = Buffer.alloc(length, i + 1)
        const prefix = Buffer.alloc(4)
        prefix.writeUInt32LE(length)
        at.bytes.appendBytes(value)
        at.expected = Buffer.concat([at.expected, prefix, value])
      }
      for (const { bytes, expected } of pages) assert.isTrue(bytes.written.equals(expected))
    }
    for (const { bytes } of pages) bytes.release()
  })
})
