import type { Gap } from "./Gap.ts"

/**
 * Where the venue's own numbering places an event. `first` and `last` are the ids it covers (equal for most),
 * `previous` is the id that the venue itself says came before it, where it says so (OKX books; -1 before a snapshot).
 */
export interface Position {
  readonly first: number
  readonly last: number
  readonly previous: number | null
}

interface EventFields {
  /** The symbol as it was subscribed to, in the venue's notation. */
  readonly symbol: string
  /** The venue's own id, exact, as text; composed where the venue has none. */
  readonly sequenceId: string
  /** Microseconds since the Unix epoch when the frame was read from the socket. */
  readonly timestampCollector: number
  /** Microseconds since the Unix epoch by the venue's clock; null where the venue sends none. */
  readonly timestampExchange: number | null
  /** The event's own JSON, byte for byte as it was on the wire: a slice of the frame. */
  readonly data: Buffer
  /** Null where the venue numbers nothing that could show a gap. */
  readonly position: Position | null
}

/** One trade. */
export interface TradeEvent extends EventFields {
  readonly dataType: "trade"
  readonly tradeId: string
  readonly price: number
  readonly size: number
  /** The taker's side. */
  readonly side: "buy" | "sell"
  /** Set where the trade was fetched afterwards; others came over a connection. */
  readonly origin?: "repair"
}

/** One order-book message: a complete book when `isSnapshot`, otherwise a change to it. */
export interface BookEvent extends EventFields {
  readonly dataType: "orderbook"
  readonly isSnapshot: boolean
}

/** What happened on a market. */
export type Event = TradeEvent | BookEvent

/** What the recorder says of a gap: `data` is the gap as JSON, `timestampCollector` when it was said. */
export interface GapEvent extends EventFields {
  readonly dataType: "gap"
  readonly gap: Gap
}

/** One row of a sealed file. */
export type Row = Event | GapEvent
