/** Rows per CPU second and bytes per row of the sinks' encoder, beside parquetjs's own writer: `node test/bench/encode.bench.ts`. */
import type { RowGroup } from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { PARQUET_COMPRESSION_METHODS } from "@dsnp/parquetjs/dist/lib/compression.js"
import { ParquetSchema } from "@dsnp/parquetjs/dist/lib/schema.js"
import { ParquetEnvelopeWriter, ParquetWriter } from "@dsnp/parquetjs/dist/lib/writer.js"
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib"
import type { Event } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { columns } from "../../src/sinks/columns.ts"
import { footer, header } from "../../src/sinks/fileFormat.ts"
import { int64 } from "../../src/sinks/int64.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import { encodeRowGroup } from "../../src/sinks/rowGroupEncoder.ts"

const rowGroupRows = 10_000
const rowGroupBytes = 8 * 1024 * 1024

/** Random numbers that are the same in every run. */
let seed = 42
const random = (): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

let cents = 6_725_000
const walk = (): number => (cents += Math.round((random() - 0.5) * 40))
const size = (): string => (random() ** 4 * 3).toFixed(5)

const tradeEvents = (count: number): Array<Event> =>
  Array.from({ length: count }, (_, index) => {
    const micros = 1_773_482_400_000_000 + index * 9_731 + Math.floor(random() * 5000)
    const id = String(5_932_000_000 + index)
    const [price, amount, sold] = [(walk() / 100).toFixed(2), size(), random() < 0.5]
    const millis = Math.floor(micros / 1000) - 12
    const json = `{"e":"trade","E":${
      millis + 1
    },"s":"BTCUSDT","t":${id},"p":"${price}000000","q":"${amount}000","T":${millis},"m":${sold},"M":true}`
    return {
      dataType: "trade",
      symbol: "BTCUSDT",
      sequenceId: id,
      timestampCollector: micros,
      timestampExchange: millis * 1000,
      data: Buffer.from(json),
      position: null,
      tradeId: id,
      price: Number(price),
      size: Number(amount),
      side: sold ? "sell" : "buy"
    }
  })

const bookEvents = (count: number): Array<Event> =>
  Array.from({ length: count }, (_, index) => {
    const id = 48_211_000_000 + index * 17
    const middle = walk()
    const side = (direction: number) =>
      Array.from({ length: 20 }, (_, level) =>
        `["${((middle + direction * (1 + level * 3)) / 100).toFixed(2)}000000","${size()}000"]`)
    return {
      dataType: "orderbook",
      symbol: "BTCUSDT",
      sequenceId: String(id),
      timestampCollector: 1_773_482_400_000_000 + index * 100_013,
      timestampExchange: null,
      data: Buffer.from(`{"lastUpdateId":${id},"bids":[${side(-1).join()}],"asks":[${side(1).join()}]}`),
      position: null,
      isSnapshot: true
    }
  })

const encodeWithSink = async (feed: Feed.Feed, events: ReadonlyArray<Event>, zstdLevel: number): Promise<number> => {
  const groups: Array<RowGroup> = []
  let bytes = header.length
  let rows = new RowBuffer(feed)
  const flush = async () => {
    const group = await encodeRowGroup(rows, bytes, zstdLevel)
    bytes += group.body.length
    groups.push(group.metadata)
    rows = new RowBuffer(feed)
  }
  for (const event of events) {
    rows.append(event)
    if (rows.rows >= rowGroupRows || rows.bytes >= rowGroupBytes) await flush()
  }
  if (rows.rows > 0) await flush()
  return bytes + footer(feed.dataType, groups, {}).length
}

// parquetjs has no ZSTD in its types: for the figures it stands in the place of another codec.
PARQUET_COMPRESSION_METHODS.SNAPPY = {
  deflate: (values: Buffer) => zstdCompressSync(values, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  inflate: (values: Buffer) => zstdDecompressSync(values)
}

const parquetjsType = {
  text: "UTF8",
  timestamp: "TIMESTAMP_MICROS",
  integer: "INT64",
  double: "DOUBLE",
  boolean: "BOOLEAN"
} as const

const encodeWithParquetjs = async (feed: Feed.Feed, events: ReadonlyArray<Event>): Promise<number> => {
  const schema = new ParquetSchema(Object.fromEntries(
    columns[feed.dataType].map((
      { name, kind, nullable }
    ) => [name, { type: parquetjsType[kind], optional: nullable, compression: "SNAPPY" as const }])
  ))
  let bytes = 0
  const count = (part: Buffer) => {
    bytes += part.length
  }
  const writer = new ParquetWriter(schema, new ParquetEnvelopeWriter(schema, count, () => {}, int64(0), {}), {
    rowGroupSize: rowGroupRows
  })
  for (const event of events) {
    const { data, dataType, sequenceId, timestampCollector, timestampExchange } = event
    await writer.appendRow({
      exchange: feed.exchange,
      symbol: feed.normalizedSymbol,
      exchange_sequence_id: sequenceId,
      timestamp_collector: timestampCollector,
      timestamp_exchange: timestampExchange,
      data: data.toString(),
      ...(dataType === "trade"
        ? {
          trade_id: event.tradeId,
          price: event.price,
          size: event.size,
          side: event.side,
          origin: event.origin ?? "live"
        }
        : { is_snapshot: event.isSnapshot })
    })
  }
  await writer.close()
  return bytes
}

const measure = async (name: string, events: ReadonlyArray<Event>, runs: number, encode: () => Promise<number>) => {
  await encode()
  let bytes = 0
  let best = 0
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage()
    bytes = await encode()
    const { user, system } = process.cpuUsage(before)
    best = Math.max(best, events.length / ((user + system) / 1e6))
  }
  const raw = events.reduce((sum, event) => sum + event.data.length, 0) / events.length
  process.stdout.write(
    `${name.padEnd(28)} ${Math.round(best).toLocaleString("en").padStart(9)} rows per CPU second, ` +
      `${(bytes / events.length).toFixed(1)} bytes a row (JSON alone ${raw.toFixed(0)})\n`
  )
}

for (const [dataType, events] of [["trade", tradeEvents(200_000)], ["orderbook", bookEvents(40_000)]] as const) {
  const feed = Feed.make("binance", "BTC-USDT", dataType)
  for (const level of [1, 3]) {
    await measure(`${dataType}, sink, zstd ${level}`, events, 5, () => encodeWithSink(feed, events, level))
  }
  const fewer = events.slice(0, events.length / 4)
  await measure(`${dataType}, parquetjs, zstd 1`, fewer, 2, () => encodeWithParquetjs(feed, fewer))
}
