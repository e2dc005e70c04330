import { Option, Schema } from "effect"
import type { GapEvent, Row } from "../domain/Event.ts"
import { Gap } from "../domain/Gap.ts"
import type { Series } from "../domain/Series.ts"
import { writeBytes, writeInt64, writeText } from "./plainValues.ts"
import { Malformed, type RecordReader } from "./RecordReader.ts"

// A row as it waits in memory and stands in the journal: a byte of the bits below, when it was received, when it happened where
// that is known, its id, its JSON; of a trade then its own id where that is another one, price and size. All in the notation of PLAIN.

/** The bits of a row's first byte. */
export const bits = { timed: 1, sameIds: 2, sold: 4, snapshot: 4, repaired: 8 } as const

/** How many bytes `writeRow` takes at most. */
export const roomFor = (row: Row): number => {
  const room = 25 + 3 * row.sequenceId.length + row.data.length
  return row.dataType === "trade" ? room + 20 + 3 * row.tradeId.length : room
}

/** Writes `row` into `bytes`, which has room for it, and answers where it ends. */
export const writeRow = (bytes: Buffer, start: number, row: Row): number => {
  const isTrade = row.dataType === "trade"
  const ownId = isTrade && row.tradeId !== row.sequenceId
  const isTimed = row.timestampExchange !== null
  bytes[start] = (isTimed ? bits.timed : 0) | (ownId ? 0 : bits.sameIds) |
    (isTrade
      ? (row.side === "sell" ? bits.sold : 0) | (row.origin === "repair" ? bits.repaired : 0)
      : row.dataType === "orderbook" && row.isSnapshot
      ? bits.snapshot
      : 0)
  let at = writeInt64(bytes, start + 1, row.timestampCollector)
  if (row.timestampExchange !== null) at = writeInt64(bytes, at, row.timestampExchange)
  at = writeText(bytes, at, row.sequenceId)
  at = writeBytes(bytes, at, row.data)
  if (!isTrade) return at
  if (ownId) at = writeText(bytes, at, row.tradeId)
  at = bytes.writeDoubleLE(row.price, at)
  return bytes.writeDoubleLE(row.size, at)
}

/** Reads a row of `series`; throws `Malformed` where there is none. */
export const readRow = (reader: RecordReader, series: Series): Row => {
  const flags = reader.byte()
  const common = {
    symbol: series.symbol,
    timestampCollector: reader.int64(),
    timestampExchange: (flags & bits.timed) === 0 ? null : reader.int64(),
    sequenceId: reader.text(),
    data: reader.bytes(),
    position: null
  }
  if (series.dataType === "orderbook") {
    return { ...common, dataType: "orderbook", isSnapshot: (flags & bits.snapshot) !== 0 }
  }
  if (series.dataType === "gap") return { ...common, dataType: "gap", gap: gapOf(common.data) }
  return {
    ...common,
    ...((flags & bits.repaired) === 0 ? {} : { origin: "repair" as const }),
    dataType: "trade",
    tradeId: (flags & bits.sameIds) === 0 ? reader.text() : common.sequenceId,
    price: reader.double(),
    size: reader.double(),
    side: (flags & bits.sold) === 0 ? "buy" : "sell"
  }
}

const readGap = Schema.decodeUnknownOption(Schema.fromJsonString(Gap))

/** The gap of which a row has this JSON; throws `Malformed` where this version does not understand it. */
export const gapOf = (json: Buffer): GapEvent["gap"] => {
  const gap = readGap(json.toString())
  if (Option.isNone(gap)) throw new Malformed("the record has no gap that can be understood")
  return gap.value
}
