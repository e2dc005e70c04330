import type { DataType } from "../domain/Feed.ts"

/** One column of a sealed file; a timestamp is microseconds since the epoch, UTC. */
export interface Column {
  readonly name: string
  readonly kind: "text" | "timestamp" | "double" | "boolean"
  readonly nullable: boolean
}

const make = (name: string, kind: Column["kind"], nullable = false): Column => ({ name, kind, nullable })

/** Every column there is. */
export const column = {
  exchange: make("exchange", "text"),
  symbol: make("symbol", "text"),
  sequenceId: make("exchange_sequence_id", "text"),
  timestampCollector: make("timestamp_collector", "timestamp"),
  timestampExchange: make("timestamp_exchange", "timestamp", true),
  data: make("data", "text"),
  tradeId: make("trade_id", "text"),
  price: make("price", "double"),
  size: make("size", "double"),
  side: make("side", "text"),
  isSnapshot: make("is_snapshot", "boolean")
}

const common: ReadonlyArray<Column> = [
  column.exchange,
  column.symbol,
  column.sequenceId,
  column.timestampCollector,
  column.timestampExchange,
  column.data
]

/** The columns of the files of a data type, in file order. */
export const columns: Readonly<Record<DataType, ReadonlyArray<Column>>> = {
  trade: [...common, column.tradeId, column.price, column.size, column.side],
  orderbook: [...common, column.isSnapshot]
}
