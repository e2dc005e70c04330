import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { GroupRecord } from "../../src/sinks/checkpointRecord.ts"
import { heldByJournal } from "../../src/sinks/heldByJournal.ts"
import { SeqRanges } from "../../src/sinks/SeqRanges.ts"

const wholes = (least: number, most: number, count: { readonly minLength?: number; readonly maxLength: number }) =>
  Arbitrary.array(Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: least, maximum: most }))), count)

describe("heldByJournal", () => {
  it.prop("is so where every row of a lost row group is in the journal, and a row behind the last whole one", [
    wholes(1, 5, { minLength: 1, maxLength: 8 }),
    wholes(0, 7, { minLength: 1, maxLength: 3 }),
    wholes(1, 40, { maxLength: 4 })
  ], ([sizes, lost, notInJournal]) => {
    const inJournal = Array.from({ length: 40 }, (_, at) => at + 1).filter((seq) => !notInJournal.includes(seq))
    const journaled = new SeqRanges()
    for (const seq of inJournal) journaled.add({ first: seq, last: seq })
    let [at, seq] = [4, 1]
    const groups = sizes.map((rows): GroupRecord => {
      const group = { first: seq, last: seq + rows - 1, from: at, to: at + rows * 10 }
      seq += rows
      at = group.to
      const metadata = { rows, received: null, chunks: [], thrift: Buffer.alloc(0) }
      return { kind: "group", stream: 1, crc: 0, metadata, ...group }
    })
    const left = groups.filter((_, index) => !lost.includes(index))
    const gone = groups.filter((_, index) => lost.includes(index))
    const has = (row: number) => inJournal.includes(row)
    const rowsOf = ({ first, last }: GroupRecord) => Array.from({ length: last - first + 1 }, (_, row) => first + row)
    const held = heldByJournal(left, () => journaled)
    // Never where a row is nowhere.
    if (held) assert.isTrue(gone.flatMap(rowsOf).every(has))
    const behind = (left.at(-1)?.last ?? 0) + 1
    const newest = Math.max(0, ...inJournal)
    const rest = Array.from({ length: Math.max(0, newest - behind + 1) }, (_, row) => behind + row)
    const between = gone.filter(({ last }) => last < behind).flatMap(rowsOf)
    if (left.length > 0 && has(behind)) {
      const startsWhole = left[0]!.from === 4
      assert.strictEqual(
        held,
        rest.every(has) && between.every(has) &&
          (startsWhole || rowsOf({ ...left[0]!, first: 1, last: left[0]!.first - 1 }).every(has))
      )
    } else assert.isFalse(held)
  })
})
