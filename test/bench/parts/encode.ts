import { PARQUET_COMPRESSION_METHODS } from "@dsnp/parquetjs/dist/lib/compression.js"
import { ParquetSchema } from "@dsnp/parquetjs/dist/lib/schema.js"
import { ParquetEnvelopeWriter, ParquetWriter } from "@dsnp/parquetjs/dist/lib/writer.js"
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib"
import type { Event } from "../../../src/domain/Event.ts"
import * as Feed from "../../../src/domain/Feed.ts"
import { columns } from "../../../src/sinks/columns.ts"
import { footer, header } from "../../../src/sinks/fileFormat.ts"
import { int64 } from "../int64.ts"
import { RowBuffer } from "../../../src/sinks/RowBuffer.ts"
import { encodeRowGroup } from "../../../src/sinks/rowGroupEncoder.ts"
import type { RowGroupMetadata } from "../../../src/sinks/rowGroupMetadata.ts"
import { defaults } from "../../../src/sinks/sinkSettings.ts"
import { type Figure, median, rangeOf } from "../figures.ts"
import type { Form } from "../part.ts"
import { random } from "../random.ts"

const { rowGroupBytes, rowGroupRows, zstdLevel } = defaults

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

const encodeWithSink = async (feed: Feed.Feed, events: ReadonlyArray<Event>): Promise<number> => {
  const groups: Array<RowGroupMetadata> = []
  let bytes = header.length
  let rows = new RowBuffer(feed)
  const flush = async () => {
    const group = await encodeRowGroup(rows, bytes, zstdLevel)
    bytes += group.body.length
    groups.push(group.metadata)
    rows.release()
    rows = new RowBuffer(feed)
  }
  for (const event of events) {
    rows.append(event)
    if (rows.rows >= rowGroupRows || rows.bytes >= rowGroupBytes) await flush()
  }
  if (rows.rows > 0) await flush()
  return bytes + footer(feed.dataType, groups, {}).length
}

const compress = (values: Buffer) =>
  zstdCompressSync(values, { params: { [constants.ZSTD_c_compressionLevel]: zstdLevel } })

// parquetjs has no ZSTD in its types: for the figures it stands in the place of another codec.
PARQUET_COMPRESSION_METHODS.SNAPPY = { deflate: compress, inflate: (values: Buffer) => zstdDecompressSync(values) }

/** What nobody gets around: the payload alone, in blocks of as many rows. */
const encodePayload = (events: ReadonlyArray<Event>): number => {
  let bytes = 0
  for (let at = 0; at < events.length; at += rowGroupRows) {
    bytes += compress(Buffer.concat(events.slice(at, at + rowGroupRows).map(({ data }) => data))).length
  }
  return bytes
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

interface Way {
  readonly name: string
  readonly events: ReadonlyArray<Event>
  readonly encode: (events: ReadonlyArray<Event>) => Promise<number> | number
  readonly rates: Array<number>
  bytesPerRow: number
}

const run = async (way: Way) => {
  const { events } = way
  const before = process.cpuUsage()
  const bytes = await way.encode(events)
  const { system, user } = process.cpuUsage(before)
  way.rates.push(events.length / ((user + system) / 1e6))
  way.bytesPerRow = bytes / events.length
}

const targets = { trade: 250_000, orderbook: 50_000 }

/** The sinks' encoder alone, beside parquetjs's own writer and the compression of the payload. */
export const encode = async ({ short }: Form): Promise<ReadonlyArray<Figure>> => {
  const part = "encode"
  const figures: Array<Figure> = []
  for (const dataType of ["trade", "orderbook"] as const) {
    const feed = Feed.make("binance", "BTC-USDT", dataType)
    const scale = short ? 0.3 : 1
    const events = dataType === "trade" ? tradeEvents(200_000 * scale) : bookEvents(40_000 * scale)
    const make = (name: string, of: ReadonlyArray<Event>, encode: Way["encode"]): Way => ({
      name,
      events: of,
      encode,
      rates: [],
      bytesPerRow: NaN
    })
    const sink = make("sink", events, (events) => encodeWithSink(feed, events))
    const payload = make("payload alone", events, encodePayload)
    const fewer = events.slice(0, events.length / 4)
    const parquetjs = make("parquetjs appendRow", fewer, (events) => encodeWithParquetjs(feed, events))
    const ways = [sink, payload, parquetjs]
    // The first round warms up.
    for (let round = 0; round < 6; round++) {
      for (const way of round % 2 === 0 ? ways : ways.toReversed()) await run(way)
    }
    const what = dataType === "trade" ? "trades" : "books"
    for (const way of ways) way.rates.shift()
    for (const way of ways) {
      figures.push({
        part,
        name: `${way.name}, ${what}`,
        value: median(way.rates),
        unit: "rows/CPU s",
        range: rangeOf(way.rates),
        ...(way === sink ? { target: { atLeast: targets[dataType] } } : {})
      })
    }
    const against = (other: Way) => sink.rates.map((rate, round) => rate / other.rates[round]!)
    for (const other of [parquetjs, payload]) {
      const ratios = against(other)
      figures.push({
        part,
        name: `speed, sink / ${other.name}, ${what}`,
        value: median(ratios),
        unit: "x",
        range: rangeOf(ratios),
        // Most of what parquetjs takes is garbage collection, which varies with what else the machine does.
        isRatio: other === payload
      })
    }
    figures.push(
      { part, name: `size, sink, ${what}`, value: sink.bytesPerRow, unit: "bytes/row" },
      { part, name: `size, payload alone, ${what}`, value: payload.bytesPerRow, unit: "bytes/row" },
      {
        part,
        name: `size, sink / payload alone, ${what}`,
        value: sink.bytesPerRow / payload.bytesPerRow,
        unit: "x",
        target: { atMost: 1.05 },
        isRatio: true
      }
    )
  }
  return figures
}
