import type parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { column } from "./columns.ts"

/** When the first and the last row of a row group were received, microseconds since the epoch. */
export interface ReceivedRange {
  readonly first: number
  readonly last: number
}

/** What the footer tells of a row group's receive times; null where it tells nothing. */
export const receivedRange = (group: parquet.RowGroup): ReceivedRange | null => {
  const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === column.timestampCollector.name)
  const statistics = chunk?.meta_data?.statistics
  const first = microsOf(statistics?.min_value)
  const last = microsOf(statistics?.max_value)
  return first === null || last === null ? null : { first, last }
}

/** Thrift hands binary fields over as they are, whatever the types of the package say. */
const microsOf = (value: unknown): number | null =>
  Buffer.isBuffer(value) && value.length === 8 ? Number(value.readBigInt64LE()) : null
