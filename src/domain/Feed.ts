import type { Venue } from "./Venue.ts"
import type { Series } from "./Series.ts"

/** What a feed records: complete or incremental order books, or trades. */
export type DataType = "orderbook" | "trade"

/** What one connection asks of a venue, with the symbol in the venue's own notation. */
export interface Subscription {
  readonly symbol: string
  readonly dataType: DataType
}

/** One (venue, symbol, data type): the unit that connects, fails, reconnects and is written alone. */
export interface Feed extends Series {
  readonly dataType: DataType
}

/** Lower case, without `-`, `_` and `/`: for paths, columns, labels and logs, never towards a venue. */
export const normalizeSymbol = (symbol: string): string => symbol.toLowerCase().replaceAll(/[-_/]/g, "")

/** Whether the rows of `series` come from a venue. */
export const is = (series: Series): series is Feed => series.dataType !== "gap"

export const make = (exchange: Venue, symbol: string, dataType: DataType): Feed => {
  const normalizedSymbol = normalizeSymbol(symbol)
  return { id: `${exchange}/${normalizedSymbol}/${dataType}`, exchange, symbol, normalizedSymbol, dataType }
}
