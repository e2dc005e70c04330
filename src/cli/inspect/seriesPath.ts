import type { RowType } from "../../domain/Series.ts"

/** What the address of a file tells, wherever its archive is. */
export interface SeriesPath {
  /** As certificates name it: relative to the archive. */
  readonly key: string
  /** What stands before the key. */
  readonly base: string
  readonly exchange: string
  /** Normalized. */
  readonly symbol: string
  readonly rowType: RowType
  readonly homeServer: string | null
  /** When its first row was received, microseconds since the epoch. */
  readonly beginning: number
}

const pattern =
  /^(.*?\/)?(([^/]+)\/([^/]+)\/(orderbook|trade|gap)\/(?:([^/]+)\/)?\d{4}-\d{2}-\d{2}\/(\d{1,16})\.parquet)$/

const isRowType = (text: string | undefined): text is RowType =>
  text === "orderbook" || text === "trade" || text === "gap"

/** Reads the address of a sealed file; null for any other. */
export const parse = (address: string): SeriesPath | null => {
  const [, base = "", key, exchange, symbol, rowType, homeServer = null, millis] = pattern.exec(address) ?? []
  if (key === undefined || exchange === undefined || symbol === undefined || !isRowType(rowType)) return null
  return { key, base, exchange, symbol, rowType, homeServer, beginning: Number(millis) * 1000 }
}

/** How certificates name a file, or its address where that does not have the form of a sealed file's. */
export const pathOf = (address: string): string => parse(address)?.key ?? address
