import type { TradeEvent } from "../../domain/Event.ts"
import { excerpt } from "../wire/excerpt.ts"
import { decimalText, isObject, millisToMicros } from "../wire/json.ts"

/** The trade that `value`, parsed from `data`, stands for, or what is wrong with it. */
export const readTrade = (
  value: unknown,
  data: Buffer,
  symbol: string,
  timestampCollector: number
): TradeEvent | string => {
  if (!isObject(value)) return "trade that is not an object"
  // 19 digits on spot, a UUID elsewhere: text on the wire, and never made a number.
  const tradeId = value.i
  if (typeof tradeId !== "string" || tradeId === "") return "trade without a valid id i"
  if (value.s !== symbol) return `trade of ${excerpt(value.s)} among those of ${symbol}`
  const price = decimalText(value.p)
  if (price === null) return `trade ${excerpt(tradeId)} without a valid price p`
  const size = decimalText(value.v)
  if (size === null) return `trade ${excerpt(tradeId)} without a valid size v`
  if (value.S !== "Buy" && value.S !== "Sell") return `trade ${excerpt(tradeId)} without a valid side S`
  const timestampExchange = millisToMicros(value.T)
  if (timestampExchange === null) return `trade ${excerpt(tradeId)} without a valid time T`
  return {
    dataType: "trade",
    symbol,
    sequenceId: tradeId,
    timestampCollector,
    timestampExchange,
    data,
    // Ids rise, but not by one.
    position: null,
    tradeId,
    price,
    size,
    side: value.S === "Buy" ? "buy" : "sell"
  }
}
