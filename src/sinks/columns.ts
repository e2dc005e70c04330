import type { RowType } from "../domain/Series.ts"

/** One column of a sealed file; a timestamp is microseconds since the epoch, UTC. */
export interface Column {
  readonly name: string
  readonly kind: "text" | "timestamp" | "integer" | "double" | "boolean"
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
  origin: make("origin", "text"),
  isSnapshot: make("is_snapshot", "boolean"),
  gapId: make("gap_id", "text"),
  revision: make("revision", "integer"),
  feedDataType: make("feed_data_type", "text"),
  cause: make("cause", "text"),
  status: make("status", "text"),
  opened: make("opened", "timestamp"),
  closed: make("closed", "timestamp", true),
  firstMissingId: make("first_missing_id", "text", true),
  lastMissingId: make("last_missing_id", "text", true),
  missing: make("missing", "integer", true),
  recovered: make("recovered", "integer"),
  connectionBefore: make("connection_before", "integer", true),
  connectionAfter: make("connection_after", "integer", true)
}

const common: ReadonlyArray<Column> = [
  column.exchange,
  column.symbol,
  column.sequenceId,
  column.timestampCollector,
  column.timestampExchange,
  column.data
]

/** The columns of the files of a row type, in file order. */
export const columns: Readonly<Record<RowType, ReadonlyArray<Column>>> = {
  trade: [...common, column.tradeId, column.price, column.size, column.side, column.origin],
  orderbook: [...common, column.isSnapshot],
  gap: [
    ...common,
    column.gapId,
    column.revision,
    column.feedDataType,
    column.cause,
    column.status,
    column.opened,
    column.closed,
    column.firstMissingId,
    column.lastMissingId,
    column.missing,
    column.recovered,
    column.connectionBefore,
    column.connectionAfter
  ]
}
