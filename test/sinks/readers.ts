import { DuckDBInstance } from "@duckdb/node-api"
import { type AsyncBuffer, asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet"
import { compressors } from "hyparquet-compressors"
import type * as Event from "../../src/domain/Event.ts"
import type { Gap } from "../../src/domain/Gap.ts"
import type { Series } from "../../src/domain/Series.ts"

/** A row as every reader here gives it: timestamps in microseconds. */
export type Row = Readonly<Record<string, string | number | boolean | bigint | null>>

/** What a file must say of `event`. */
export const rowOf = (series: Series, event: Event.Row): Row => ({
  exchange: series.exchange,
  symbol: series.normalizedSymbol,
  exchange_sequence_id: asUtf8(event.sequenceId),
  timestamp_collector: BigInt(event.timestampCollector),
  timestamp_exchange: event.timestampExchange === null ? null : BigInt(event.timestampExchange),
  data: event.data.toString(),
  ...ownColumns(event)
})

const ownColumns = (event: Event.Row): Row => {
  switch (event.dataType) {
    case "trade":
      return {
        trade_id: asUtf8(event.tradeId),
        price: event.price,
        size: event.size,
        side: event.side,
        origin: event.origin ?? "live"
      }
    case "orderbook":
      return { is_snapshot: event.isSnapshot }
    case "gap":
      return gapColumns(event.gap)
  }
}

const big = (value: number | null): bigint | null => value === null ? null : BigInt(value)
const text = (value: string | null): string | null => value === null ? null : asUtf8(value)

const gapColumns = (gap: Gap): Row => ({
  gap_id: asUtf8(gap.id),
  revision: BigInt(gap.revision),
  feed_data_type: gap.dataType,
  cause: gap.cause,
  status: gap.status,
  opened: BigInt(gap.openedMicros),
  closed: big(gap.closedMicros),
  first_missing_id: text(gap.firstMissingId),
  last_missing_id: text(gap.lastMissingId),
  missing: big(gap.missing),
  recovered: BigInt(gap.recovered),
  connection_before: big(gap.connectionBefore),
  connection_after: big(gap.connectionAfter)
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

/** What the file whose bytes are `content` says of itself. */
export const parquetMetadata = async (content: Buffer): Promise<Readonly<Record<string, string | undefined>>> => {
  const { key_value_metadata: pairs } = await parquetMetadataAsync(new Uint8Array(content).buffer)
  return Object.fromEntries((pairs ?? []).map(({ key, value }) => [key, value]))
}

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
export const duckdbRows = async (path: string): Promise<Array<Row>> => {
  const described = await duckdb(`describe select * from read_parquet('${path}')`)
  const timestamps = described.filter((row) => row.column_type === "TIMESTAMP WITH TIME ZONE")
  const replaced = timestamps.map((row) => `epoch_us(${String(row.column_name)}) as ${String(row.column_name)}`)
  return duckdb(`select * replace (${replaced.join()}) from read_parquet('${path}')`)
}
