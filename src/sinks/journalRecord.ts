import { Option, Schema } from "effect"
import type { GapEvent, Row } from "../domain/Event.ts"
import { Gap } from "../domain/Gap.ts"
import * as Series from "../domain/Series.ts"
import { Venue } from "../domain/Venue.ts"
import type { PageBytes } from "./PageBytes.ts"
import * as recordFrame from "./recordFrame.ts"
import { Malformed, RecordReader } from "./RecordReader.ts"
import type { SeqRange } from "./SeqRanges.ts"

/** Rows of one stream, numbered from `first` on. */
export interface RowsRecord extends SeqRange {
  readonly kind: "rows"
  readonly stream: number
  readonly series: Series.Series
  /** The rows themselves, read only when they are asked for. */
  readonly events: () => ReadonlyArray<Row>
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
const readGap = Schema.decodeUnknownOption(Schema.fromJsonString(Gap))

// The bits of a row's first byte.
const timed = 1
const sameIds = 2
const sold = 4
const snapshot = 4
const repaired = 8

/** Appends `events` as one record, of which the first has the number `firstSeq`; answers its bytes. */
export const appendRows = (
  bytes: PageBytes,
  stream: number,
  series: Series.Series,
  firstSeq: number,
  events: ReadonlyArray<Row>
): number => {
  const at = recordFrame.begin(bytes)
  bytes.appendByte(kinds.rows)
  bytes.appendUInt32(stream)
  bytes.appendInt64(firstSeq)
  bytes.appendUInt32(events.length)
  appendSeries(bytes, series)
  for (const event of events) appendRow(bytes, event)
  return recordFrame.end(bytes, at)
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
    // A gap that this version does not understand makes it a record which it does not.
    if (series.dataType === "gap") events()
    return { kind: "rows", stream, first, last: first + count - 1, series, events }
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

const appendRow = (bytes: PageBytes, event: Row): void => {
  const isTrade = event.dataType === "trade"
  const ownId = isTrade && event.tradeId !== event.sequenceId
  bytes.appendByte(
    (event.timestampExchange === null ? 0 : timed) | (ownId ? 0 : sameIds) |
      (isTrade
        ? (event.side === "sell" ? sold : 0) | (event.origin === "repair" ? repaired : 0)
        : event.dataType === "orderbook" && event.isSnapshot
        ? snapshot
        : 0)
  )
  bytes.appendInt64(event.timestampCollector)
  if (event.timestampExchange !== null) bytes.appendInt64(event.timestampExchange)
  bytes.appendText(event.sequenceId)
  bytes.appendBytes(event.data)
  if (!isTrade) return
  if (ownId) bytes.appendText(event.tradeId)
  bytes.appendDouble(event.price)
  bytes.appendDouble(event.size)
}

const readRow = (reader: RecordReader, series: Series.Series): Row => {
  const flags = reader.byte()
  const common = {
    symbol: series.symbol,
    timestampCollector: reader.int64(),
    timestampExchange: (flags & timed) === 0 ? null : reader.int64(),
    sequenceId: reader.text(),
    data: reader.bytes(),
    position: null
  }
  if (series.dataType === "orderbook") return { ...common, dataType: "orderbook", isSnapshot: (flags & snapshot) !== 0 }
  if (series.dataType === "gap") return { ...common, dataType: "gap", gap: gapOf(common.data) }
  return {
    ...common,
    ...((flags & repaired) === 0 ? {} : { origin: "repair" as const }),
    dataType: "trade",
    tradeId: (flags & sameIds) === 0 ? reader.text() : common.sequenceId,
    price: reader.double(),
    size: reader.double(),
    side: (flags & sold) === 0 ? "buy" : "sell"
  }
}

const gapOf = (json: Buffer): GapEvent["gap"] => {
  const gap = readGap(json.toString())
  if (Option.isNone(gap)) throw new Malformed("the record has no gap that can be understood")
  return gap.value
}
