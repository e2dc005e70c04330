import type { TradeEvent } from "../../domain/Event.ts"
import type { Frame } from "../../domain/Frame.ts"
import { events, malformed, type Parsed } from "../Exchange.ts"
import { decimalText, type JsonObject, rfc3339ToMicros, safeInteger } from "../wire/json.ts"
import { takerSides } from "./takerSides.ts"

/** The trade that `match`, parsed from `data`, stands for, or what is wrong with it. */
export const readMatch = (
  match: JsonObject,
  data: Buffer,
  symbol: string,
  timestampCollector: number
): TradeEvent | string => {
  const id = safeInteger(match.trade_id)
  if (id === null || id < 0) return "trade_id is not an integer"
  const price = decimalText(match.price)
  if (price === null) return "price is not a decimal"
  const size = decimalText(match.size)
  if (size === null) return "size is not a decimal"
  const side = takerSides.get(match.side)
  if (side === undefined) return "side is neither buy nor sell"
  const timestampExchange = rfc3339ToMicros(match.time)
  if (timestampExchange === null) return "time is not an RFC 3339 time"
  const tradeId = String(id)
  return {
    dataType: "trade",
    symbol,
    sequenceId: tradeId,
    timestampCollector,
    timestampExchange,
    data,
    position: { first: id, last: id, previous: null },
    tradeId,
    price,
    size,
    side
  }
}

/** The trade of a `match` message, or of a `last_match`, which repeats the newest trade after subscribing. */
export const parseMatch = (frame: Frame, message: JsonObject, symbol: string): Parsed => {
  const trade = readMatch(message, frame.bytes, symbol, frame.receivedAtMicros)
  return typeof trade === "string" ? malformed(`match: ${trade}`) : events([trade])
}
