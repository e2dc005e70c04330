import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { Arbitrary, Effect, FileSystem, Path } from "effect"
import type { Row } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import * as Series from "../../src/domain/Series.ts"
import { metadataOf } from "../../src/sinks/certificate.ts"
import { footer, header } from "../../src/sinks/fileFormat.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import { encodeRowGroup } from "../../src/sinks/rowGroupEncoder.ts"
import { anyBook, anyGap, anyTrade, book, gapRow, tenOClock, trade, trades } from "./events.ts"
import { duckdb, duckdbRows, hyparquetMetadata, hyparquetRows, rowOf } from "./readers.ts"

const tradeFeed = Feed.make("binance", "BTC-USDT", "trade")
const bookFeed = Feed.make("okx", "BTC-USDT", "orderbook")
const gapSeries = Series.make("okx", "BTC-USDT", "gap")

/** A file with one row group for each of `groups`. */
const fileOf = Effect.fnUntraced(function*(series: Series.Series, groups: ReadonlyArray<ReadonlyArray<Row>>) {
  const parts = [header]
  const metadata = []
  for (const events of groups) {
    const rows = new RowBuffer(series)
    for (const event of events) rows.append(event)
    const offset = parts.reduce((sum, part) => sum + part.length, 0)
    const encoded = yield* Effect.promise(() => encodeRowGroup(rows, offset, 1))
    parts.push(encoded.body)
    metadata.push(encoded.metadata)
  }
  const fs = yield* FileSystem.FileSystem
  const path = (yield* Path.Path).join(yield* fs.makeTempDirectoryScoped(), "file.parquet")
  const said = metadataOf({
    series,
    homeServerName: "tokyo-1",
    rule: "consecutive",
    groups: metadata,
    ends: null,
    counted: { gaps: 2, duplicates: 3, newGaps: { run: "trade-1", first: 4, last: 6 } },
    damage: null,
    finishedBy: "recorder",
    previous: null
  })
  yield* fs.writeFile(path, Buffer.concat([...parts, footer(series.dataType, metadata, said)]))
  return path
})

const roundTrip = Effect.fnUntraced(function*(series: Series.Series, groups: ReadonlyArray<ReadonlyArray<Row>>) {
  const path = yield* fileOf(series, groups)
  const expected = groups.flat().map((row) => rowOf(series, row))
  assert.deepStrictEqual(yield* Effect.promise(() => hyparquetRows(path)), expected)
  assert.deepStrictEqual(yield* Effect.promise(() => duckdbRows(path)), expected)
  return path
})

layer(NodeServices.layer)("a Parquet file", (it) => {
  describe("gives back what was put in, to hyparquet and to DuckDB", () => {
    it.effect.prop(
      "trades",
      [Arbitrary.array(anyTrade, { minLength: 1 }), Arbitrary.array(anyTrade, { minLength: 1 })],
      (groups) => Effect.scoped(roundTrip(tradeFeed, groups)),
      { arbitrary: { runs: 60 } }
    )

    it.effect.prop(
      "books",
      [Arbitrary.array(anyBook, { minLength: 1 }), Arbitrary.array(anyBook, { minLength: 1 })],
      (groups) => Effect.scoped(roundTrip(bookFeed, groups)),
      { arbitrary: { runs: 60 } }
    )

    it.effect.prop(
      "gaps",
      [Arbitrary.array(anyGap, { minLength: 1 }), Arbitrary.array(anyGap, { minLength: 1 })],
      (groups) => Effect.scoped(roundTrip(gapSeries, groups)),
      { arbitrary: { runs: 60 } }
    )

    it.effect("trades that came over a connection, and such that were fetched afterwards", () =>
      roundTrip(tradeFeed, [
        trades(20, 10),
        [trade(0), trade(1, { origin: "repair" }), trade(2)],
        Array.from({ length: 9 }, (_, index) => trade(index, { origin: "repair" }))
      ]))

    it.effect("large pages, which are compressed elsewhere", () =>
      roundTrip(tradeFeed, [trades(10_000), trades(10_001, 10_000)]))

    it.effect.each([1, 7, 8, 9, 10_000])(
      "%d rows, some, none and all without the venue's time",
      (count) =>
        Effect.gen(function*() {
          const books = (set: (index: number) => boolean) =>
            Array.from(
              { length: count },
              (_, index) => book(index, { timestampExchange: set(index) ? tenOClock + index : null })
            )
          yield* roundTrip(bookFeed, [books((index) => index % 3 !== 0), books(() => true), books(() => false)])
        })
    )

    it.effect("numbers at their limits, and texts that are long, empty or not ASCII", () =>
      roundTrip(tradeFeed, [[
        trade(0, { price: Number.MAX_VALUE, size: Number.MIN_VALUE, timestampExchange: Number.MAX_SAFE_INTEGER }),
        trade(1, { price: -0, size: 1e-8, timestampExchange: 2 ** 32 - 1 }),
        trade(2, { timestampExchange: 2 ** 32, tradeId: "17000000000000001", sequenceId: "" }),
        trade(3, { tradeId: "é日本🚀", data: Buffer.from("x".repeat(300_000)) }),
        trade(4, { timestampExchange: 0, data: Buffer.alloc(0) })
      ]]))
  })

  describe("tells readers", () => {
    it.effect("its columns and their types", () =>
      Effect.gen(function*() {
        const types = (path: string) =>
          Effect.promise(async () =>
            (await duckdb(`describe select * from read_parquet('${path}')`))
              .map((row) => `${String(row.column_name)} ${String(row.column_type)}`)
          )
        const common = [
          "exchange VARCHAR",
          "symbol VARCHAR",
          "exchange_sequence_id VARCHAR",
          "timestamp_collector TIMESTAMP WITH TIME ZONE",
          "timestamp_exchange TIMESTAMP WITH TIME ZONE",
          "data VARCHAR"
        ]
        assert.deepStrictEqual(yield* types(yield* fileOf(tradeFeed, [[trade(0)]])), [
          ...common,
          "trade_id VARCHAR",
          "price DOUBLE",
          "size DOUBLE",
          "side VARCHAR",
          "origin VARCHAR"
        ])
        const books = yield* fileOf(bookFeed, [[book(0)]])
        assert.deepStrictEqual(yield* types(books), [...common, "is_snapshot BOOLEAN"])
        assert.deepStrictEqual(yield* types(yield* fileOf(gapSeries, [[gapRow(0)]])), [
          ...common,
          "gap_id VARCHAR",
          "revision BIGINT",
          "feed_data_type VARCHAR",
          "cause VARCHAR",
          "status VARCHAR",
          "opened TIMESTAMP WITH TIME ZONE",
          "closed TIMESTAMP WITH TIME ZONE",
          "first_missing_id VARCHAR",
          "last_missing_id VARCHAR",
          "missing BIGINT",
          "recovered BIGINT",
          "connection_before BIGINT",
          "connection_after BIGINT"
        ])
        const { schema } = yield* Effect.promise(() => hyparquetMetadata(books))
        const utc = { type: "TIMESTAMP" as const, isAdjustedToUTC: true, unit: "MICROS" as const }
        const timestamps = schema.filter(({ name }) => name.startsWith("timestamp_"))
        assert.deepStrictEqual(timestamps.map((element) => element.logical_type), [utc, utc])
        assert.deepStrictEqual(timestamps.map((element) => element.converted_type), [
          "TIMESTAMP_MICROS",
          "TIMESTAMP_MICROS"
        ])
        assert.deepStrictEqual(timestamps.map((element) => element.repetition_type), ["REQUIRED", "OPTIONAL"])
      }))

    it.effect("where it comes from", () =>
      Effect.gen(function*() {
        const path = yield* fileOf(tradeFeed, [[trade(0)]])
        const metadata = yield* Effect.promise(() => hyparquetMetadata(path))
        assert.match(metadata.created_by ?? "", /^ticklake version \d+\.\d+\.\d+$/)
        const pairs = Object.fromEntries((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value]))
        assert.deepInclude(pairs, {
          "ticklake.feed": "binance/btcusdt/trade",
          "ticklake.exchange": "binance",
          "ticklake.symbol": "BTC-USDT",
          "ticklake.data_type": "trade",
          "ticklake.home_server": "tokyo-1",
          "ticklake.rows": "1",
          "ticklake.first_received": String(trade(0).timestampCollector),
          "ticklake.last_received": String(trade(0).timestampCollector),
          "ticklake.rule": "consecutive",
          "ticklake.gaps": "2",
          "ticklake.duplicates_dropped": "3",
          "ticklake.first_gap": "trade-1-4",
          "ticklake.last_gap": "trade-1-6",
          "ticklake.finished_by": "recorder",
          "ticklake.previous_file": "",
          "ticklake.previous_sha256": ""
        })
      }))

    it.effect("its row groups, their sizes, and the range of both timestamps", () =>
      Effect.gen(function*() {
        const path = yield* fileOf(tradeFeed, [
          [trade(5), trade(3, { timestampExchange: null }), trade(9)],
          [trade(20, { timestampExchange: null })]
        ])
        const metadata = yield* Effect.promise(() => hyparquetMetadata(path))
        assert.deepStrictEqual(metadata.row_groups.map((group) => group.num_rows), [3n, 1n])
        assert.strictEqual(metadata.num_rows, 4n)
        const columns = yield* Effect.promise(() =>
          duckdb(`select row_group_id, path_in_schema, compression, total_compressed_size,
            epoch_us(stats_min_value::timestamptz) as min, epoch_us(stats_max_value::timestamptz) as max, stats_null_count
            from parquet_metadata('${path}') where path_in_schema like 'timestamp%' order by row_group_id, column_id`)
        )
        assert.deepStrictEqual(columns.map(({ min, max, stats_null_count }) => [min, max, stats_null_count]), [
          [BigInt(trade(3).timestampCollector), BigInt(trade(9).timestampCollector), 0n],
          [BigInt(trade(5).timestampExchange ?? 0), BigInt(trade(9).timestampExchange ?? 0), 1n],
          [BigInt(trade(20).timestampCollector), BigInt(trade(20).timestampCollector), 0n],
          [null, null, 1n]
        ])
        assert.isTrue(columns.every((column) => column.compression === "ZSTD"))
        const nulls = metadata.row_groups.flatMap((group) =>
          group.columns.map((column) => column.meta_data?.statistics?.null_count)
        )
        assert.isTrue(nulls.every((count) => count !== undefined))
        const sizes = metadata.row_groups[0]?.columns.map((column) => column.meta_data?.total_compressed_size ?? 0n) ??
          []
        assert.strictEqual(sizes.reduce((sum, size) => sum + size, 0n), metadata.row_groups[0]?.total_compressed_size)
      }))
  })

  it.effect("lets DuckDB skip row groups by time", () =>
    Effect.gen(function*() {
      const path = yield* fileOf(tradeFeed, [trades(100), trades(100, 100), trades(100, 200)])
      const found = yield* Effect.promise(() =>
        duckdb(`select count(*) as n from read_parquet('${path}')
          where epoch_us(timestamp_collector) >= 0 and timestamp_collector >= make_timestamptz(${
          trade(150).timestampCollector
        })`)
      )
      assert.deepStrictEqual(found, [{ n: 150n }])
    }))
})
