import { Schema } from "effect"
import type { Row } from "../domain/Event.ts"
import * as Series from "../domain/Series.ts"
import { Venue } from "../domain/Venue.ts"
import type { PageBytes } from "./PageBytes.ts"
import type { EncodedRows } from "./RowBuffer.ts"
import * as recordFrame from "./recordFrame.ts"
import { Malformed, RecordReader } from "./RecordReader.ts"
import { readRow } from "./rowNotation.ts"
import type { SeqRange } from "./SeqRanges.ts"

/** Rows of one stream, numbered from `first` on. */
export interface RowsRecord extends SeqRange {
  readonly kind: "rows"
  readonly stream: number
  readonly series: Series.Series
  /** The rows themselves, read only when they are asked for. */
  readonly events: () => ReadonlyArray<Row>
  /** Those from number `from` on as they stand in it, none before its `first`; views of what it was read from. */
  readonly encodedFrom: (from: number) => EncodedRows
}

/** Says of rows of one stream that they are in files which are finished. */
export interface SealedRecord extends SeqRange {
  readonly kind: "sealed"
  readonly stream: number
}

export type JournalRecord = RowsRecord | SealedRecord

const kinds = { rows: 1, sealed: 2 } as const
const rowTypes = ["trade", "orderbook", "gap"] as const
const isVenue = Schema.is(Venue)

/** What a record of rows takes at most beside the rows. */
export const headBytes = ({ exchange, symbol }: Series.Series): number =>
  recordFrame.frameHeaderBytes + 26 + 3 * (exchange.length + symbol.length)

/** Appends rows that are encoded already as one record; answers its bytes. */
export const appendEncoded = (
  bytes: PageBytes,
  stream: number,
  series: Series.Series,
  { first, rows, slices }: EncodedRows
): number => {
  const at = beginRows(bytes, stream, series, first, rows)
  for (const slice of slices) bytes.appendPart(slice, 0, slice.length)
  return recordFrame.end(bytes, at)
}

const beginRows = (
  bytes: PageBytes,
  stream: number,
  series: Series.Series,
  firstSeq: number,
  rows: number
): number => {
  const at = recordFrame.begin(bytes)
  bytes.appendByte(kinds.rows)
  bytes.appendUInt32(stream)
  bytes.appendInt64(firstSeq)
  bytes.appendUInt32(rows)
  appendSeries(bytes, series)
  return at
}

/** Appends the record that rows of `stream` are in files which are finished; answers its bytes. */
export const appendSealed = (bytes: PageBytes, stream: number, range: SeqRange): number => {
  const at = recordFrame.begin(bytes)
  bytes.appendByte(kinds.sealed)
  bytes.appendUInt32(stream)
  bytes.appendInt64(range.first)
  bytes.appendInt64(range.last)
  return recordFrame.end(bytes, at)
}

/** Reads a record's body; null when it is none that this version writes. */
export const decode = (body: Buffer): JournalRecord | null => {
  try {
    const reader = new RecordReader(body)
    const kind = reader.byte()
    if (kind === kinds.sealed) {
      return { kind: "sealed", stream: reader.uint32(), first: reader.int64(), last: reader.int64() }
    }
    if (kind !== kinds.rows) return null
    const stream = reader.uint32()
    const first = reader.int64()
    const count = reader.uint32()
    const series = readSeries(reader)
    if (series === null || count === 0) return null
    const rowsAt = reader.at
    const events = () => {
      const rows = new RecordReader(body, rowsAt)
      return Array.from({ length: count }, () => readRow(rows, series))
    }
    const encodedFrom = (from: number): EncodedRows => {
      const reader = new RecordReader(body, rowsAt)
      const skipped = Math.max(0, from - first)
      for (let row = 0; row < skipped; row++) readRow(reader, series)
      const slice = body.subarray(reader.at)
      return { first: first + skipped, rows: count - skipped, bytes: slice.length, slices: [slice] }
    }
    // A gap that this version does not understand makes it a record which it does not.
    if (series.dataType === "gap") events()
    return { kind: "rows", stream, first, last: first + count - 1, series, events, encodedFrom }
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}

export const appendSeries = (bytes: PageBytes, series: Series.Series): void => {
  bytes.appendByte(rowTypes.indexOf(series.dataType))
  bytes.appendText(series.exchange)
  bytes.appendText(series.symbol)
}

/** Reads what `appendSeries` wrote; null for a feed that this version does not know. */
export const readSeries = (reader: RecordReader): Series.Series | null => {
  const dataType = rowTypes[reader.byte()]
  const exchange = reader.text()
  const symbol = reader.text()
  return dataType === undefined || !isVenue(exchange) ? null : Series.make(exchange, symbol, dataType)
}
