import { DuckDBInstance } from "@duckdb/node-api"
import { type AsyncBuffer, asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet"
import { compressors } from "hyparquet-compressors"
import type { Event } from "../../src/domain/Event.ts"
import type { Feed } from "../../src/domain/Feed.ts"

/** A row as every reader here gives it: timestamps in microseconds. */
export type Row = Readonly<Record<string, string | number | boolean | bigint | null>>

/** What a file must say of `event`. */
export const rowOf = (feed: Feed, event: Event): Row => ({
  exchange: feed.exchange,
  symbol: feed.normalizedSymbol,
  exchange_sequence_id: asUtf8(event.sequenceId),
  timestamp_collector: BigInt(event.timestampCollector),
  timestamp_exchange: event.timestampExchange === null ? null : BigInt(event.timestampExchange),
  data: event.data.toString(),
  ...(event.dataType === "trade"
    ? { trade_id: asUtf8(event.tradeId), price: event.price, size: event.size, side: event.side }
    : { is_snapshot: event.isSnapshot })
})

/** Half a surrogate pair has no UTF-8. */
const asUtf8 = (text: string) => Buffer.from(text).toString()

const unexpected = (): never => {
  throw new Error("a type that no column has")
}

/** The rows of a file by hyparquet. */
export const hyparquetRows = async (path: string): Promise<Array<Row>> => readRows(await asyncBufferFromFile(path))

/** The rows of a file whose bytes are `content`, by hyparquet. */
export const parquetRows = (content: Buffer): Promise<Array<Row>> => readRows(new Uint8Array(content).buffer)

const readRows = (file: AsyncBuffer | ArrayBuffer): Promise<Array<Row>> =>
  parquetReadObjects({
    file,
    compressors,
    parsers: {
      timestampFromMicroseconds: (micros) => micros,
      timestampFromMilliseconds: unexpected,
      timestampFromNanoseconds: unexpected,
      dateFromDays: unexpected,
      stringFromBytes: (bytes) => Buffer.from(bytes ?? []).toString()
    }
  })

export const hyparquetMetadata = async (path: string) => parquetMetadataAsync(await asyncBufferFromFile(path))

const connection = (async () => (await DuckDBInstance.create()).connect())()

/** The answer of DuckDB, as plain values. */
export const duckdb = async (sql: string): Promise<Array<Row>> => {
  const result = await (await connection).runAndReadAll(sql)
  return result.getRowObjectsJS().map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        if (typeof value === "object" && value !== null) throw new TypeError(`${name} is no plain value; cast it`)
        return [name, value ?? null]
      })
    )
  )
}

/** The rows of a file by DuckDB. */
export const duckdbRows = (path: string): Promise<Array<Row>> =>
  duckdb(`select * replace (
    epoch_us(timestamp_collector) as timestamp_collector,
    epoch_us(timestamp_exchange) as timestamp_exchange
  ) from read_parquet('${path}')`)
