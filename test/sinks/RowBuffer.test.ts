import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { Row } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import * as Series from "../../src/domain/Series.ts"
import * as journalRecord from "../../src/sinks/journalRecord.ts"
import { PageBytes } from "../../src/sinks/PageBytes.ts"
import * as recordFrame from "../../src/sinks/recordFrame.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import { appendRows } from "./appendRows.ts"
import { anyBook, anyGap, anyTrade, book, gapRow, trade, trades } from "./events.ts"

const series = {
  trade: Feed.make("binance", "BTC-USDT", "trade"),
  orderbook: Feed.make("okx", "BTC-USDT", "orderbook"),
  gap: Series.make("okx", "BTC-USDT", "gap")
}

/** What a reader of the journal finds in `rows`. */
const asRead = (rows: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const bytes = new PageBytes(64)
  appendRows(bytes, 1, series[rows[0]!.dataType], 1, rows)
  return rowsOf(bytes)
}

const rowsOf = (bytes: PageBytes): ReadonlyArray<Row> =>
  recordFrame.scan(Buffer.from(bytes.written), 0).frames.flatMap(({ body }) => {
    const record = journalRecord.decode(body)
    return record?.kind === "rows" ? record.events() : []
  })

const batches = (row: Arbitrary.Arbitrary<Row>) =>
  Arbitrary.array(Arbitrary.array(row, { minLength: 0, maxLength: 8 }), { maxLength: 12 })
const someOf = (row: Arbitrary.Arbitrary<Row>) => Arbitrary.array(row, { minLength: 1, maxLength: 20 })
const Commits = Schema.Array(Schema.Boolean)

const valuesOf = (buffer: RowBuffer) => {
  const { pages, release } = buffer.columns()
  const values = pages.map(({ column, levels, nullCount, range, values }) => ({
    name: column.name,
    values: values.toString("hex"),
    levels: levels.toString("hex"),
    nullCount,
    range
  }))
  release()
  return values
}

describe("RowBuffer", () => {
  for (const [name, row] of [["trades", anyTrade], ["books", anyBook], ["gaps", anyGap]] as const) {
    it.prop(`gives the journal each of its ${name} once, in their order, however often a commit fails`, [
      batches(row),
      Commits
    ], ([groups, commits]) => {
      const rows = groups.flat()
      if (rows.length === 0) return
      const buffer = new RowBuffer(series[rows[0]!.dataType])
      buffer.firstSeq = 41
      const journal = new PageBytes(64)
      let journaled = 0
      const commit = (works: boolean) => {
        const waiting = buffer.unjournaled()
        assert.strictEqual(waiting?.rows ?? 0, buffer.rows - journaled)
        assert.strictEqual(waiting?.bytes ?? 0, buffer.unjournaledBytes)
        if (waiting === null || !works) return
        assert.strictEqual(waiting.first, 41 + journaled)
        journalRecord.appendEncoded(journal, 1, series[rows[0]!.dataType], waiting)
        buffer.journaled(waiting)
        journaled += waiting.rows
      }
      for (const [index, group] of groups.entries()) {
        for (const each of group) buffer.append(each)
        const works = commits[index]
        if (works !== undefined) commit(works)
      }
      commit(true)
      assert.deepStrictEqual(rowsOf(journal), asRead(rows))
      assert.isNull(buffer.unjournaled())
      const { firstId, lastId, lastReceivedMicros } = buffer.ends()
      assert.deepStrictEqual(
        [firstId, lastId, lastReceivedMicros],
        [asRead(rows)[0]!.sequenceId, asRead(rows).at(-1)!.sequenceId, rows.at(-1)!.timestampCollector]
      )
    })
  }

  for (const [name, row] of [["trades", anyTrade], ["books", anyBook], ["gaps", anyGap]] as const) {
    it.prop(`makes the same columns of ${name} however many of them are packed, and the journal gets all`, [
      someOf(row),
      Commits
    ], ([some, commits]) => {
      // Many: little is not packed.
      const rows = Array.from({ length: 1500 }, (_, at) => some[at % some.length]!)
      const { dataType } = some[0]!
      const [plain, buffer] = [new RowBuffer(series[dataType]), new RowBuffer(series[dataType])]
      const journal = new PageBytes(64)
      const commit = () => {
        const waiting = buffer.unjournaled()
        if (waiting === null) return
        journalRecord.appendEncoded(journal, 1, series[dataType], waiting)
        buffer.journaled(waiting)
      }
      for (const [at, each] of rows.entries()) {
        plain.append(each)
        buffer.append(each)
        if (at % 97 === 0) buffer.pack()
        if (commits[Math.floor(at / 50)] && at % 50 === 0) commit()
      }
      commit()
      while (buffer.packable > 0) buffer.pack()
      assert.deepStrictEqual(rowsOf(journal), asRead(rows))
      assert.deepStrictEqual(valuesOf(buffer), valuesOf(plain))
      assert.deepStrictEqual(buffer.ends(), plain.ends())
      assert.isAbove(buffer.packedBytes, 0)
    })
  }

  it("packs nothing that the journal has not, and as much at once as is compressed in a moment", () => {
    const buffer = new RowBuffer(series.trade)
    for (const row of trades(20_000)) buffer.append(row)
    const before = buffer.capacity
    buffer.pack()
    assert.deepStrictEqual([buffer.packable, buffer.packedBytes, buffer.capacity], [0, 0, before])
    const waiting = buffer.unjournaled()!
    buffer.journaled({ rows: 10_000, bytes: waiting.bytes / 2 })
    let packs = 0
    for (; buffer.packable > 0; packs++) {
      assert.isAtMost(buffer.packable, 256 * 1024)
      buffer.pack()
    }
    assert.isAbove(packs, 3)
    assert.isBelow(buffer.capacity, 0.7 * before)
    const rest = new PageBytes(64)
    journalRecord.appendEncoded(rest, 1, series.trade, buffer.unjournaled()!)
    assert.deepStrictEqual(rowsOf(rest), trades(10_000, 10_000))
  })

  it("holds rows that are larger than a piece of its memory, and as many as a row group takes", () => {
    const rows = Array.from(
      { length: 3000 },
      (_, index) => trade(index, index % 500 === 0 ? { data: Buffer.alloc(700_000, index / 500) } : {})
    )
    const buffer = new RowBuffer(series.trade)
    for (const row of rows) buffer.append(row)
    const bytes = new PageBytes(64)
    journalRecord.appendEncoded(bytes, 1, series.trade, buffer.unjournaled()!)
    assert.deepStrictEqual(rowsOf(bytes), rows)
    assert.isBelow(buffer.capacity, 1.7 * buffer.unjournaledBytes)
  })

  it("refuses a row of the other data type, and keeps nothing of one that is none", () => {
    const buffer = new RowBuffer(series.trade)
    buffer.append(trade(0))
    assert.throws(() => buffer.append(book(0)), /orderbook/)
    assert.throws(() => buffer.append(gapRow(0)), /gap/)
    assert.throws(() => buffer.append(Object.assign(trade(1), { data: undefined })), TypeError)
    buffer.append(trade(2))
    const bytes = new PageBytes(64)
    journalRecord.appendEncoded(bytes, 1, series.trade, buffer.unjournaled()!)
    assert.deepStrictEqual(rowsOf(bytes), [trade(0), trade(2)])
    assert.strictEqual(buffer.rows, 2)
  })

  it("keeps nothing of the frame that the event's JSON is a slice of", () => {
    const frame = Buffer.from("[{\"a\":1}]")
    const rows = new RowBuffer(series.trade)
    rows.append(trade(0, { data: frame.subarray(1, 8) }))
    frame.fill(0)
    const data = rows.columns().pages.find((page) => page.column.name === "data")
    assert.strictEqual(data?.values.subarray(4).toString(), "{\"a\":1}")
  })

  it("is small while it holds little", () => {
    const rows = new RowBuffer(series.trade)
    assert.strictEqual(rows.capacity, 0)
    for (const event of trades(10)) rows.append(event)
    assert.isBelow(rows.capacity, 5 * 1024)
  })

  it.prop("makes the same columns as often as it is asked", [Arbitrary.array(anyTrade, { minLength: 1 })], ([rows]) => {
    const buffer = new RowBuffer(series.trade)
    for (const row of rows) buffer.append(row)
    const first = buffer.columns()
    const values = first.pages.map((page) => Buffer.from(page.values))
    first.release()
    const again = buffer.columns().pages.map((page) => page.values)
    assert.deepStrictEqual(again.map((bytes) => bytes.toString("hex")), values.map((bytes) => bytes.toString("hex")))
  })
})
