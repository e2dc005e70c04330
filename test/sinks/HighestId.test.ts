import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import { contentsOrNone } from "../../src/sinks/fileContents.ts"
import { HighestId } from "../../src/sinks/HighestId.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import { encodeRowGroup } from "../../src/sinks/rowGroupEncoder.ts"
import { trade } from "./events.ts"

const feed = Feed.make("binance", "BTC-USDT", "trade")

/** Row groups with these ids, one behind the other, and what is known of them from when they were written. */
const written = async (ids: ReadonlyArray<ReadonlyArray<string>>) => {
  const bodies: Array<Buffer> = []
  const groups = []
  const highest = new HighestId()
  let bytes = 0
  let row = 0
  for (const each of ids) {
    const rows = new RowBuffer(feed)
    for (const id of each) rows.append(trade(row++, { sequenceId: id }))
    const encoded = await encodeRowGroup(rows, bytes, 1)
    bytes += encoded.body.length
    bodies.push(encoded.body)
    groups.push(encoded.metadata)
    highest.add(encoded.highestId)
  }
  const content = Buffer.concat(bodies)
  const read = (from: number, length: number) => Effect.succeed(content.subarray(from, from + length))
  return { file: { bytes, read }, groups, highest }
}

// Mostly numbers of a few lengths, some more than once; now and then something else.
const numeric = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1200 }))
const ids = (odd: number) =>
  Arbitrary.array(
    Arbitrary.array(
      Arbitrary.map(Arbitrary.schema(numeric), (id) => id < odd ? ["", "007", "1.5", "x", "-3"][id % 5]! : String(id)),
      { minLength: 1, maxLength: 6 }
    ),
    { minLength: 1, maxLength: 6 }
  )

describe("the highest id of a file", () => {
  for (const [kind, each] of Object.entries({ "numbers": ids(0), "anything": ids(40) })) {
    it.effect.prop(
      `of ${kind} is the same kept while it is written as read from its row groups`,
      [each],
      ([given]) =>
        Effect.gen(function*() {
          const { file, groups, highest } = yield* Effect.promise(() => written(given))
          const known = yield* contentsOrNone("file", file, "trade", groups, highest)
          const read = yield* contentsOrNone("file", file, "trade", groups, null)
          assert.isNotNull(read)
          assert.deepStrictEqual(known, read)
          const all = given.flat()
          const numbers = all.every((id) => /^(0|[1-9][0-9]*)$/.test(id))
          assert.strictEqual(highest.best?.id ?? null, numbers ? String(Math.max(...all.map(Number))) : null)
          // The first of those that are the same.
          if (numbers) {
            assert.strictEqual(
              highest.best?.group,
              given.findIndex((group) => group.includes(highest.best!.id))
            )
          }
          assert.strictEqual(read.rows.newest?.id, highest.best?.id ?? all.at(-1))
        })
    )
  }

  it("is none where there are no rows", () => assert.isNull(new HighestId().best))
})
