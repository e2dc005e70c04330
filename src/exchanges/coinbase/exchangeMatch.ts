import type { Frame } from "../../domain/Frame.ts"
import { events, malformed, type Parsed } from "../Exchange.ts"
import { decimalText, type JsonObject, rfc3339ToMicros, safeInteger } from "../wire/json.ts"
import { takerSides } from "./takerSides.ts"

/** The trade of a `match` message, or of a `last_match`, which repeats the newest trade after subscribing. */
export const parseMatch = (frame: Frame, message: JsonObject, symbol: string): Parsed => {
  const id = safeInteger(message.trade_id)
  if (id === null || id < 0) return malformed("match: trade_id is not an integer")
  const price = decimalText(message.price)
  if (price === null) return malformed("match: price is not a decimal")
  const size = decimalText(message.size)
  if (size === null) return malformed("match: size is not a decimal")
  const side = takerSides.get(message.side)
  if (side === undefined) return malformed("match: side is neither buy nor sell")
  const timestampExchange = rfc3339ToMicros(message.time)
  if (timestampExchange === null) return malformed("match: time is not an RFC 3339 time")
  const tradeId = String(id)
  return events([{
    dataType: "trade",
    symbol,
    sequenceId: tradeId,
    timestampCollector: frame.receivedAtMicros,
    timestampExchange,
    data: frame.bytes,
    position: { first: id, last: id, previous: null },
    tradeId,
    price,
    size,
    side
  }])
}
