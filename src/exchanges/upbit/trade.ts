import type { Frame } from "../../domain/Frame.ts"
import { events, malformed, type Parsed } from "../Exchange.ts"
import { finiteNumber } from "../wire/finiteNumber.ts"
import { integerText } from "../wire/integerText.ts"
import { type JsonObject, millisToMicros } from "../wire/json.ts"
import { containsEscapedKey } from "../wire/jsonSpan.ts"
import { takerSides } from "./takerSides.ts"

const idPath = ["sequential_id"]

/** The one trade of a `trade` frame in DEFAULT format, whose `sequential_id` is `id`; null where that is no such id. */
export const readTrade = (frame: Frame, message: JsonObject, symbol: string, id: string | null): Parsed => {
  const side = takerSides.get(message.ask_bid)
  if (side === undefined) return malformed("trade: ask_bid is neither ASK nor BID")
  const price = finiteNumber(message.trade_price)
  if (price === null) return malformed("trade: trade_price is not a number")
  const size = finiteNumber(message.trade_volume)
  if (size === null) return malformed("trade: trade_volume is not a number")
  const timestampExchange = millisToMicros(message.trade_timestamp)
  if (timestampExchange === null) return malformed("trade: trade_timestamp is not a time in milliseconds")
  if (id === null) return malformed("trade: sequential_id is not an integer written as digits")
  return events([{
    dataType: "trade",
    symbol,
    sequenceId: id,
    timestampCollector: frame.receivedAtMicros,
    timestampExchange,
    data: frame.bytes,
    position: null,
    tradeId: id,
    price,
    size,
    side
  }])
}

/** As `readTrade`, of a message that was decoded as a whole. */
export const parseTrade = (frame: Frame, message: JsonObject, symbol: string): Parsed =>
  containsEscapedKey(frame.bytes)
    ? malformed("trade: a key with an escape")
    // Its 17 digits exceed 2^53: as a number, neighbouring trades would get the same id.
    : readTrade(frame, message, symbol, integerText(message.sequential_id, frame.bytes, idPath))
