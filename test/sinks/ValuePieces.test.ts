import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { PageBytes } from "../../src/sinks/PageBytes.ts"
import { ValuePieces } from "../../src/sinks/ValuePieces.ts"

const Lengths = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 400_000 })))

/** Values of these lengths, each of bytes of its own. */
const valuesOf = (lengths: ReadonlyArray<number>, first: number) =>
  lengths.map((length, index) => Buffer.alloc(length, first + index))

describe("ValuePieces", () => {
  it.prop("holds what one page would, also when more come after it was read, and after its memory went to others", [
    Lengths,
    Lengths
  ], ([before, after]) => {
    const pieces = new ValuePieces()
    const page = new PageBytes(64)
    const others = new ValuePieces()
    for (const [lengths, first] of [[before, 1], [after, 101]] as const) {
      for (const value of valuesOf(lengths, first)) {
        pieces.append(value)
        page.appendBytes(value)
        others.append(Buffer.alloc(value.length, 255))
      }
      assert.isTrue(pieces.written.equals(page.written))
      assert.isAtLeast(pieces.capacity, page.length)
      others.release()
    }
    pieces.release()
    assert.strictEqual(pieces.capacity, 0)
    assert.strictEqual(pieces.written.length, 0)
  })
})
