import type { Frame } from "../../domain/Frame.ts"
import { events, malformed, type Parsed } from "../Exchange.ts"
import { composedId } from "../wire/composedId.ts"
import { finiteNumber } from "../wire/finiteNumber.ts"
import { isObject, type JsonObject, millisToMicros } from "../wire/json.ts"

const isUnit = (unit: unknown): boolean =>
  isObject(unit)
  && finiteNumber(unit.ask_price) !== null
  && finiteNumber(unit.bid_price) !== null
  && finiteNumber(unit.ask_size) !== null
  && finiteNumber(unit.bid_size) !== null

/**
 * The book of an `orderbook` frame in DEFAULT format. Every frame is a complete book, whatever its `stream_type` says,
 * and thin sides are padded with zeros.
 */
export const parseOrderbook = (frame: Frame, message: JsonObject, symbol: string): Parsed => {
  const timestampExchange = millisToMicros(message.timestamp)
  if (timestampExchange === null) return malformed("orderbook: timestamp is not a time in milliseconds")
  if (!Array.isArray(message.orderbook_units)) return malformed("orderbook: orderbook_units is not an array")
  if (!message.orderbook_units.every(isUnit)) return malformed("orderbook: a unit lacks one of its four numbers")
  return events([{
    dataType: "orderbook",
    symbol,
    sequenceId: composedId(String(timestampExchange / 1000), frame.bytes),
    timestampCollector: frame.receivedAtMicros,
    timestampExchange,
    data: frame.bytes,
    position: null,
    isSnapshot: true
  }])
}
