import { assert, it } from "@effect/vitest"
import { RowPieces } from "../../src/sinks/RowPieces.ts"

const rows = (pieces: RowPieces, bytes: number) => {
  for (let at = 0; at < bytes; at += 100) {
    const piece = pieces.pieceFor(100)
    piece.bytes.fill(at % 251, piece.used, piece.used + 100)
    piece.used += 100
  }
}

it("what was unpacked to be read gives its memory back at once, and can be read again", () => {
  const pieces = new RowPieces()
  rows(pieces, 600_000)
  const before = Buffer.concat(pieces.views())
  while (pieces.packable(before.length) > 0) pieces.pack(before.length)
  assert.isAbove(pieces.packedBytes, 0)
  const pool = Buffer.from("what others keep in memory that they share")
  const used: Array<Buffer> = []
  for (let times = 0; times < 2; times++) {
    const read = pieces.read((views) => {
      used.push(...views)
      return Buffer.concat(views)
    })
    assert.isTrue(read.equals(before))
  }
  const ended = used.filter(({ buffer }) => buffer.byteLength === 0)
  assert.isAbove(ended.length, 3)
  // The rows that are not packed stand where they stood.
  assert.isTrue(used.filter(({ buffer }) => buffer.byteLength > 0).length === 2)
  assert.strictEqual(pool.toString(), "what others keep in memory that they share")
  pieces.release()
})
