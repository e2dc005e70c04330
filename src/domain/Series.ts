import { Schema } from "effect"
import { normalizeSymbol } from "./Feed.ts"
import type { Venue } from "./Venue.ts"

/** What the rows of a file are: events of a feed, or the gaps of the feeds of a symbol. */
export const RowType = Schema.Literals(["orderbook", "trade", "gap"])
export type RowType = typeof RowType.Type

/** All rows of one type of one symbol of one venue: what one sink writes, file after file. */
export interface Series {
  /** `<exchange>/<normalized symbol>/<row type>`, unique within a process. */
  readonly id: string
  readonly exchange: Venue
  /** In the venue's notation. */
  readonly symbol: string
  readonly normalizedSymbol: string
  readonly dataType: RowType
}

export const make = <T extends RowType>(
  exchange: Venue,
  symbol: string,
  dataType: T
): Series & { readonly dataType: T } => {
  const normalizedSymbol = normalizeSymbol(symbol)
  return { id: `${exchange}/${normalizedSymbol}/${dataType}`, exchange, symbol, normalizedSymbol, dataType }
}
