import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import type { Row } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import * as Series from "../../src/domain/Series.ts"
import { footer } from "../../src/sinks/fileFormat.ts"
import { Malformed } from "../../src/sinks/RecordReader.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import { encodeRowGroup } from "../../src/sinks/rowGroupEncoder.ts"
import { fromFooter, fromThrift } from "../../src/sinks/rowGroupMetadata.ts"
import { ThriftReader } from "../../src/sinks/ThriftReader.ts"
import { ThriftWriter } from "../../src/sinks/ThriftWriter.ts"
import { anyBook, anyGap, anyTrade, trades } from "./events.ts"
import * as packageThrift from "./packageThrift.ts"

const series = {
  trade: Feed.make("binance", "BTC-USDT", "trade"),
  orderbook: Feed.make("okx", "BTC-USDT", "orderbook"),
  gap: Series.make("okx", "BTC-USDT", "gap")
}

const groupOf = (rows: ReadonlyArray<Row>, offset = 4) => {
  const buffer = new RowBuffer(series[rows[0]!.dataType])
  for (const row of rows) buffer.append(row)
  return encodeRowGroup(buffer, offset, 1)
}

const some = (each: Arbitrary.Arbitrary<Row>) => Arbitrary.array(each, { minLength: 1, maxLength: 12 })
const offset = Schema.Int.check(Schema.isBetween({ minimum: 4, maximum: 2 ** 50 }))

const asThePackage = async (events: ReadonlyArray<Row>, at: number) => {
  const { body, metadata } = await groupOf(events, at)
  const { encoded, value } = packageThrift.decode("RowGroup", metadata.thrift)
  assert.deepStrictEqual(encoded, metadata.thrift)
  assert.deepStrictEqual(metadata, { ...fromFooter(value), thrift: metadata.thrift })
  assert.strictEqual(value.num_rows.toNumber(), events.length)
  assert.strictEqual(value.file_offset?.toNumber(), at)
  assert.strictEqual(value.total_compressed_size?.toNumber(), body.length)
  let rawBytes = 0
  for (const [index, { from, length }] of metadata.chunks.entries()) {
    const chunk = body.subarray(from - at, from - at + length)
    const header = packageThrift.decode("PageHeader", chunk)
    assert.deepStrictEqual(header.encoded, chunk.subarray(0, header.length))
    assert.strictEqual(header.length + header.value.compressed_page_size, length)
    const column = value.columns[index]!.meta_data!
    assert.strictEqual(column.total_uncompressed_size.toNumber(), header.length + header.value.uncompressed_page_size)
    rawBytes += column.total_uncompressed_size.toNumber()
    const { is_max_value_exact, is_min_value_exact, max_value, min_value, null_count } = column.statistics!
    assert.strictEqual(null_count?.toNumber(), header.value.data_page_header_v2!.num_nulls)
    assert.deepStrictEqual(
      [is_min_value_exact ?? undefined, is_max_value_exact ?? undefined],
      [min_value, max_value].map(isThere)
    )
  }
  assert.strictEqual(value.total_byte_size.toNumber(), rawBytes)
}

const isThere = (value: unknown): boolean | undefined => value === null || value === undefined ? undefined : true

describe("what is written of a row group", () => {
  for (const [kind, events] of Object.entries({ trades: some(anyTrade), books: some(anyBook), gaps: some(anyGap) })) {
    it.effect.prop(
      `of ${kind} is what the package would write, and read as the package reads it`,
      [events, offset],
      ([given, at]) => Effect.promise(() => asThePackage(given, at))
    )
  }

  it("is read also where a later version tells more", async () => {
    const { metadata } = await groupOf(trades(20))
    const { value } = packageThrift.decode("RowGroup", metadata.thrift)
    value.ordinal = 17
    value.columns[3]!.offset_index_length = 9
    value.columns[3]!.meta_data!.key_value_metadata = [new parquet.KeyValue({ key: "a", value: "b" })]
    const thrift = packageThrift.encode(value)
    assert.isAbove(thrift.length, metadata.thrift.length)
    assert.deepStrictEqual(fromThrift(thrift), { ...metadata, thrift })
  })

  it("is refused wherever it is cut", async () => {
    const { metadata: { thrift } } = await groupOf(trades(20))
    for (let end = 0; end < thrift.length; end++) assert.throws(() => fromThrift(thrift.subarray(0, end)), Malformed)
  })
})

describe("a footer", () => {
  it("is what the package would write, however many row groups it has", async () => {
    for (const count of [0, 1, 14, 15, 40, 300]) {
      const { metadata } = await groupOf(trades(3))
      const groups = Array.from({ length: count }, () => metadata)
      const bytes = footer("trade", groups, { "ticklake.rows": String(3 * count), note: "体结算 ✓" })
      const { encoded, length, value } = packageThrift.decode("FileMetaData", bytes)
      assert.deepStrictEqual(encoded, bytes.subarray(0, length))
      assert.strictEqual(bytes.readUInt32LE(length), length)
      assert.strictEqual(bytes.toString("latin1", length + 4), "PAR1")
      assert.strictEqual(value.num_rows.toNumber(), 3 * count)
      assert.strictEqual(value.row_groups.length, count)
    }
  })
})

describe("Thrift's compact protocol", () => {
  const integer = Schema.Int.check(Schema.isBetween({ minimum: -(2 ** 51), maximum: 2 ** 51 }))

  it.prop(
    "gives back what was written, and whatever is not asked for is left out",
    [Schema.Array(integer), Schema.Array(Schema.Uint8Array), Schema.Boolean],
    ([integers, binaries, flag]) => {
      const thrift = new ThriftWriter(1)
      thrift.boolean(1, flag)
      thrift.i32s(2, integers)
      thrift.binaries(3, binaries.map((each) => Buffer.from(each)))
      thrift.structs(4, integers, (each) => thrift.i64(15, each))
      thrift.struct(19, () => thrift.binary(1, Buffer.from("x")))
      thrift.i32(20, 7)
      const bytes = thrift.finish()
      for (const asked of [[2, 3, 4, 20], [2], [3], [4], [20], []]) {
        const found = { 2: new Array<number>(), 3: new Array<Buffer>(), 4: new Array<number>(), 20: 0 }
        const reader = new ThriftReader(bytes)
        reader.struct((field) => {
          if (!asked.includes(field)) return
          if (field === 2) reader.list(() => found[2].push(reader.integer()))
          else if (field === 3) reader.list(() => found[3].push(reader.binary()))
          else if (field === 4) reader.list(() => reader.struct(() => found[4].push(reader.integer())))
          else found[20] = reader.integer()
        })
        assert.deepStrictEqual(found, {
          2: asked.includes(2) ? [...integers] : [],
          3: asked.includes(3) ? binaries.map((each) => Buffer.from(each)) : [],
          4: asked.includes(4) ? [...integers] : [],
          20: asked.includes(20) ? 7 : 0
        })
      }
    }
  )

  it("does not wait for a list of booleans that has no end", () => {
    const endless = Buffer.from([0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0])
    assert.throws(() => fromThrift(endless), Malformed)
  })
})
