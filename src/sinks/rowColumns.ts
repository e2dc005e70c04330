import type { Series } from "../domain/Series.ts"
import { type ColumnPage, constant, definitionLevels, type Range, required } from "./ColumnPage.ts"
import { column } from "./columns.ts"
import { GapColumns } from "./GapColumns.ts"
import { PageBytes } from "./PageBytes.ts"
import { bits, gapOf } from "./rowNotation.ts"

/** What is known of encoded rows without reading them; times in microseconds since the epoch. */
export interface RowsAtLarge {
  rows: number
  /** Characters of their ids. */
  idBytes: number
  dataBytes: number
  /** Rows without a time of the venue. */
  untimed: number
  snapshots: number
  repaired: number
  collectorMin: number
  collectorMax: number
  exchangeMin: number
  exchangeMax: number
}

/** The columns of a row group in file order. */
export interface Columns {
  readonly pages: ReadonlyArray<ColumnPage>
  /** Gives up their memory; nobody may use the pages any more. */
  readonly release: () => void
}

/** Parts encoded rows of `series` into their columns. Each value is copied as it stands: both have the notation of PLAIN. */
export const columnsOf = (series: Series, known: RowsAtLarge, pieces: ReadonlyArray<Buffer>): Columns => {
  const { dataType } = series
  const { rows } = known
  const isTrade = dataType === "trade"
  const textBytes = rows * 4 + known.idBytes
  const sequenceId = new PageBytes(textBytes)
  const collector = new PageBytes(rows * 8)
  const exchangeTime = new PageBytes(rows * 8)
  const exchangeTimeSet = new PageBytes(rows / 8)
  const data = new PageBytes(rows * 4 + known.dataBytes)
  const tradeId = new PageBytes(textBytes)
  const price = new PageBytes(rows * 8)
  const size = new PageBytes(rows * 8)
  const side = new PageBytes(rows * 8)
  const origin = new PageBytes(rows * 10)
  const isSnapshot = new PageBytes(rows / 8)
  const gaps = new GapColumns()
  let row = 0
  for (const bytes of pieces) {
    let at = 0
    while (at < bytes.length) {
      const flags = bytes[at]!
      collector.appendPart(bytes, at + 1, 8)
      at += 9
      const isTimed = (flags & bits.timed) !== 0
      exchangeTimeSet.appendBit(row, isTimed)
      if (isTimed) {
        exchangeTime.appendPart(bytes, at, 8)
        at += 8
      }
      const idAt = at
      const idLength = 4 + bytes.readUInt32LE(at)
      sequenceId.appendPart(bytes, idAt, idLength)
      at += idLength
      const dataLength = 4 + bytes.readUInt32LE(at)
      data.appendPart(bytes, at, dataLength)
      if (dataType === "gap") gaps.append(gapOf(bytes.subarray(at + 4, at + dataLength)))
      at += dataLength
      if (isTrade) {
        if ((flags & bits.sameIds) !== 0) tradeId.appendPart(bytes, idAt, idLength)
        else {
          const ownLength = 4 + bytes.readUInt32LE(at)
          tradeId.appendPart(bytes, at, ownLength)
          at += ownLength
        }
        price.appendPart(bytes, at, 8)
        size.appendPart(bytes, at + 8, 8)
        at += 16
        side.appendText((flags & bits.sold) === 0 ? "buy" : "sell")
        if (known.repaired > 0) origin.appendText((flags & bits.repaired) === 0 ? "live" : "repair")
      } else isSnapshot.appendBit(row, (flags & bits.snapshot) !== 0)
      row++
    }
  }
  const common: ReadonlyArray<ColumnPage> = [
    constant(column.exchange, series.exchange, rows),
    constant(column.symbol, series.normalizedSymbol, rows),
    required(column.sequenceId, sequenceId.written),
    required(column.timestampCollector, collector.written, range(known.collectorMin, known.collectorMax)),
    {
      column: column.timestampExchange,
      values: exchangeTime.written,
      levels: definitionLevels(rows, known.untimed, exchangeTimeSet.written),
      nullCount: known.untimed,
      range: range(known.exchangeMin, known.exchangeMax)
    },
    required(column.data, data.written)
  ]
  const own = (): ReadonlyArray<ColumnPage> => {
    if (dataType === "gap") return gaps.columnPages()
    if (dataType === "orderbook") {
      // Lets a reader find the row groups with a complete book without opening them.
      const snapshots: Range = { kind: "boolean", min: known.snapshots === rows, max: known.snapshots > 0 }
      return [required(column.isSnapshot, isSnapshot.written, snapshots)]
    }
    const origins: Range = { kind: "text", min: known.repaired === rows ? "repair" : "live", max: "repair" }
    return [
      required(column.tradeId, tradeId.written),
      required(column.price, price.written),
      required(column.size, size.written),
      required(column.side, side.written),
      known.repaired === 0 ? constant(column.origin, "live", rows) : required(column.origin, origin.written, origins)
    ]
  }
  const used = [
    sequenceId,
    collector,
    exchangeTime,
    exchangeTimeSet,
    data,
    tradeId,
    price,
    size,
    side,
    origin,
    isSnapshot
  ]
  return {
    pages: [...common, ...own()],
    release: () => used.forEach((bytes) => bytes.release())
  }
}

const range = (min: number, max: number): Range | null => min > max ? null : { kind: "timestamp", min, max }
