import { toNumber, trimmed } from "../decimals.ts"
import type { Level } from "../Book.ts"
import type { Row, TradeFields } from "../Ledger.ts"
import { type Fill, type Market, sizeDecimals } from "../Market.ts"
import { goTime, type Moment, rfc3339, rfc3339Micros } from "../timeText.ts"

/** What every message of a connection starts with; `sequence_num` counts all of them. */
export interface Envelope {
  readonly moment: Moment
  readonly sequence: number
  /** Some connections carry an empty `client_id`. */
  readonly withClientId: boolean
}

const message = (channel: string, { moment, sequence, withClientId }: Envelope, events: string): string =>
  `{"channel":"${channel}",${withClientId ? "\"client_id\":\"\"," : ""}"timestamp":"${
    rfc3339(moment)
  }","sequence_num":${sequence},"events":[${events}]}`

const level = (side: "bid" | "offer", eventTime: string, { price, size }: Level, priceDecimals: number): string =>
  `{"side":"${side}","event_time":"${eventTime}","price_level":"${trimmed(price, priceDecimals)}","new_quantity":"${
    trimmed(size, sizeDecimals)
  }"}`

/** Bids from the best down, then offers from the best up. */
export const levels = (
  bids: ReadonlyArray<Level>,
  asks: ReadonlyArray<Level>,
  eventMicros: number,
  priceDecimals: number
): string => {
  const eventTime = rfc3339Micros(eventMicros)
  return [
    ...bids.map((bid) => level("bid", eventTime, bid, priceDecimals)),
    ...asks.map((ask) => level("offer", eventTime, ask, priceDecimals))
  ].join(",")
}

/** The row of a level2 message, whose data channel is called `l2_data`. */
export const book = (envelope: Envelope, content: {
  readonly symbol: string
  /** As delivered: the alias of what was asked for. */
  readonly productId: string
  readonly type: "snapshot" | "update"
  readonly levels: string
}): Row => ({
  symbol: content.symbol,
  dataType: "orderbook",
  sequenceId: String(envelope.sequence),
  data: message(
    "l2_data",
    envelope,
    `{"type":"${content.type}","product_id":"${content.productId}","updates":[${content.levels}]}`
  ),
  timestampExchange: envelope.moment.millis * 1_000 + Math.floor(envelope.moment.nanos / 1_000),
  trade: null,
  isSnapshot: content.type === "snapshot",
  history: false
})

/** The columns of a trade; the venue itself names the maker's side, which is the other one. */
export const tradeFields = (fill: Fill, priceDecimals: number): TradeFields => ({
  tradeId: String(fill.number),
  price: toNumber(fill.price, priceDecimals),
  size: toNumber(fill.size, sizeDecimals),
  side: fill.side
})

/** The row of one trade of a batch. */
export const trade = (symbol: string, productId: string, market: Market, fill: Fill, history: boolean): Row => {
  const micros = fill.atMillis * 1_000 + fill.micros
  return {
    symbol,
    dataType: "trade",
    sequenceId: String(fill.number),
    data: `{"product_id":"${productId}","trade_id":"${fill.number}","price":"${
      trimmed(fill.price, market.priceDecimals)
    }","size":"${trimmed(fill.size, sizeDecimals)}","time":"${rfc3339Micros(micros)}","side":"${
      fill.side === "buy" ? "SELL" : "BUY"
    }"}`,
    timestampExchange: micros,
    trade: tradeFields(fill, market.priceDecimals),
    isSnapshot: null,
    history
  }
}

/** A message of trades given oldest first; on the wire the newest comes first. */
export const trades = (envelope: Envelope, type: "snapshot" | "update", rows: ReadonlyArray<Row>): string =>
  message(
    "market_trades",
    envelope,
    `{"type":"${type}","trades":[${rows.map((row) => row.data).toReversed().join(",")}]}`
  )

/** The complete state of the connection's subscriptions. */
export const subscriptions = (
  envelope: Envelope,
  channels: Readonly<Record<string, ReadonlyArray<string>>>
): string => message("subscriptions", envelope, JSON.stringify({ subscriptions: channels }))

/** `heartbeat_counter` is a number on the wire, and the seconds that the server has been up. */
export const heartbeat = (envelope: Envelope, counter: number): string =>
  message(
    "heartbeats",
    envelope,
    `{"current_time":"${goTime(envelope.moment, counter)}","heartbeat_counter":${counter}}`
  )

/** Errors have neither channel nor sequence number. An unknown channel is reported as an authentication failure. */
export const error = (text: string): string => JSON.stringify({ type: "error", message: text })
