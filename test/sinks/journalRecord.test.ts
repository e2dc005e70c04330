import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { Row, TradeEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import * as Series from "../../src/domain/Series.ts"
import * as checkpointRecord from "../../src/sinks/checkpointRecord.ts"
import * as journalRecord from "../../src/sinks/journalRecord.ts"
import { encodeRowGroup } from "../../src/sinks/rowGroupEncoder.ts"
import { PageBytes } from "../../src/sinks/PageBytes.ts"
import * as recordFrame from "../../src/sinks/recordFrame.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import { SeqRanges } from "../../src/sinks/SeqRanges.ts"
import { appendRows } from "./appendRows.ts"
import { anyBook, anyGap, anyTrade, gapRow, tenOClock, trade, trades } from "./events.ts"

const feeds = {
  trade: Feed.make("okx", "BTC-USDT", "trade"),
  orderbook: Feed.make("upbit", "BTC-USDT", "orderbook"),
  gap: Series.make("bybit", "BTC-USDT", "gap")
}
const utf8 = (text: string) => Buffer.from(text).toString()
const asStored = (event: Row): Row =>
  event.dataType === "trade"
    ? { ...event, sequenceId: utf8(event.sequenceId), tradeId: utf8(event.tradeId) }
    : { ...event, sequenceId: utf8(event.sequenceId) }

const textOf = (event: Row) => JSON.stringify(Object.entries(event).toSorted(([a], [b]) => a.localeCompare(b)))

const rowsOf = (bytes: Buffer): Array<Row> =>
  recordFrame.scan(bytes, 0).frames.flatMap(({ body }) => {
    const record = journalRecord.decode(body)
    return record?.kind === "rows" ? record.events() : []
  })

const segmentOf = (batches: ReadonlyArray<ReadonlyArray<Row>>): Buffer => {
  const bytes = new PageBytes(64)
  let seq = 1
  for (const events of batches) {
    appendRows(bytes, 7, feeds[events[0]!.dataType], seq, events)
    seq += events.length
  }
  journalRecord.appendSealed(bytes, 7, { first: 1, last: seq })
  return Buffer.from(bytes.written)
}

const someTrades = Arbitrary.array(anyTrade, { minLength: 1, maxLength: 6 })
const someBooks = Arbitrary.array(anyBook, { minLength: 1, maxLength: 6 })
const someGaps = Arbitrary.array(anyGap, { minLength: 1, maxLength: 6 })
const place = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

describe("a journal record", () => {
  it.prop("gives back every row as it was", [someTrades, someBooks, someGaps], (batches) => {
    assert.deepStrictEqual(rowsOf(segmentOf(batches)), batches.flat().map(asStored))
  })

  it("is none of this version where its gap is not understood", () => {
    const strange = Buffer.from(JSON.stringify({ ...gapRow(0).gap, cause: "moonshine" }))
    assert.deepStrictEqual(rowsOf(segmentOf([[gapRow(0), gapRow(1, {})]])), [gapRow(0), gapRow(1)])
    assert.deepStrictEqual(rowsOf(segmentOf([[gapRow(0), { ...gapRow(1), data: strange }]])), [])
  })

  it("of an earlier version, which knew neither gaps nor trades fetched afterwards, is read as it was", () => {
    const written = Buffer.from(
      "f8544bff820000007208df8c010700000005000000000000000200000000030000006f6b78080000004254432d555344540700a8770cf94c0600" +
        "24a2770cf94c0600020000003137080000007b2274223a31377d000000000000f83f00000000000000400001a8770cf94c06000200000031" +
        "38020000007b7d0100000078000000000000f83f0000000000000040",
      "hex"
    )
    const row = (id: string, over: Partial<TradeEvent>) => ({
      ...trade(0, { sequenceId: id, tradeId: id, data: Buffer.from("{}"), price: 1.5, size: 2, side: "buy", ...over })
    })
    assert.deepStrictEqual(rowsOf(written), [
      row("17", { data: Buffer.from("{\"t\":17}"), side: "sell" }),
      row("18", { tradeId: "x", timestampCollector: tenOClock + 1, timestampExchange: null })
    ])
  })

  it.prop("says which rows of which stream it has", [someTrades], ([events]) => {
    const frames = recordFrame.scan(segmentOf([events]), 0).frames.map(({ body }) => journalRecord.decode(body))
    assert.deepInclude(frames[0], { kind: "rows", stream: 7, first: 1, last: events.length, series: feeds.trade })
    assert.deepStrictEqual(frames[1], { kind: "sealed", stream: 7, first: 1, last: 1 + events.length })
  })

  it.prop(
    "yields nothing that was not written, whatever byte is flipped and wherever the file ends",
    { batches: Arbitrary.array(someTrades, { minLength: 1, maxLength: 4 }), at: place, bit: place, end: place },
    ({ at, batches, bit, end }) => {
      const bytes = segmentOf(batches)
      const written = new Set(batches.flat().map((event) => textOf(asStored(event))))
      const flipped = Buffer.from(bytes)
      const index = Math.min(bytes.length - 1, Math.floor(at * bytes.length))
      flipped[index] = (flipped[index] ?? 0) ^ (1 << Math.floor(bit * 7))
      for (const damaged of [flipped, bytes.subarray(0, Math.floor(end * bytes.length))]) {
        for (const row of rowsOf(damaged)) assert.isTrue(written.has(textOf(row)))
      }
      // A flipped byte costs the record that it is in, and no other.
      assert.isAtLeast(recordFrame.scan(flipped, 0).frames.length, batches.length)
    }
  )

  it("is found behind damage, which is told from a write that was cut short", () => {
    const bytes = segmentOf([trades(3), trades(3, 3), trades(3, 6)])
    assert.deepInclude(recordFrame.scan(bytes, 0), { brokenAt: null, damaged: false })
    const cut = recordFrame.scan(bytes.subarray(0, bytes.length - 1), 0)
    assert.strictEqual(cut.frames.length, 3)
    assert.isFalse(cut.damaged)
    assert.isNotNull(cut.brokenAt)
    const zeros = recordFrame.scan(Buffer.concat([bytes, Buffer.alloc(500)]), 0)
    assert.deepInclude(zeros, { brokenAt: bytes.length, damaged: false })
    const flipped = Buffer.from(bytes)
    flipped[50] = (flipped[50] ?? 0) ^ 1
    assert.deepInclude(recordFrame.scan(flipped, 0), { brokenAt: 0, damaged: true })
    assert.deepStrictEqual(rowsOf(flipped).map((row) => row.sequenceId), trades(6, 3).map((row) => row.sequenceId))
  })

  it.prop("of no bytes whatever makes the reader throw", [Schema.Uint8Array], ([bytes]) => {
    journalRecord.decode(Buffer.from(bytes))
    checkpointRecord.decode(Buffer.from(bytes))
    recordFrame.scan(Buffer.from(bytes), 0)
  })
})

describe("checkpoints", () => {
  it("give back file and row groups, and at any damage only what was written", async () => {
    const rows = new RowBuffer(feeds.trade)
    for (const event of trades(20)) rows.append(event)
    const { metadata } = await encodeRowGroup(rows, 4, 1)
    const file = {
      kind: "file",
      series: feeds.trade,
      homeServerName: null,
      firstMillis: 1_773_482_400_000,
      gapsTold: false
    } as const
    const group = (
      first: number
    ) => ({ kind: "group", stream: 3, first, last: first + 19, from: 4, to: 99, crc: 17, metadata } as const)
    const records = [file, { ...file, homeServerName: "tokyo-1", gapsTold: true }, group(1), group(21)]
    const bytes = Buffer.concat(records.map(checkpointRecord.encode))
    const read = (from: Buffer) => recordFrame.scan(from, 0).frames.map(({ body }) => checkpointRecord.decode(body))
    const plain = (record: unknown) => JSON.stringify(record)
    const written = new Set(records.map(plain))
    assert.deepStrictEqual(read(bytes).map(plain), records.map(plain))
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 0x10
      for (const record of [...read(flipped), ...read(bytes.subarray(0, at))]) assert.isTrue(written.has(plain(record)))
    }
  })
})

describe("ranges of row sequences", () => {
  const range = Schema.Struct({ from: Schema.Int, length: Schema.Int }).pipe(
    Arbitrary.schema,
    (each) =>
      Arbitrary.map(each, ({ from, length }) => {
        const first = Math.abs(from) % 60
        return { first, last: first + Math.abs(length) % 12 }
      })
  )

  it.prop(
    "hold what was added and miss the rest",
    [Arbitrary.array(range, { maxLength: 12 }), range],
    ([added, asked]) => {
      const ranges = new SeqRanges()
      const members = new Set<number>()
      const all = ({ first, last }: { first: number; last: number }) =>
        Array.from({ length: last - first + 1 }, (_, index) => first + index)
      for (const each of added) {
        ranges.add(each)
        for (const seq of all(each)) members.add(seq)
      }
      assert.deepStrictEqual(ranges.ranges.flatMap(all), [...members].toSorted((a, b) => a - b))
      assert.deepStrictEqual(ranges.missing(asked).flatMap(all), all(asked).filter((seq) => !members.has(seq)))
      for (const [index, { first }] of ranges.ranges.entries()) {
        if (index > 0) assert.isAbove(first, ranges.ranges[index - 1]!.last + 1)
      }
    }
  )
})

it("a trade whose two ids differ keeps both", () => {
  const event = trade(1, { tradeId: "other" })
  assert.deepStrictEqual(rowsOf(segmentOf([[event]])), [event])
})
