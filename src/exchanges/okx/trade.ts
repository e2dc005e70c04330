import type { Position, TradeEvent } from "../../domain/Event.ts"
import { excerpt } from "../wire/excerpt.ts"
import { decimalText, isObject, millisToMicros, safeInteger } from "../wire/json.ts"

const digits = /^\d{1,16}$/

/** The ids that a trade stands for: `tradeId` is the last of `count` fills that were merged into it. */
const positionOf = (tradeId: string, count: number): Position | null => {
  const last = safeInteger(digits.test(tradeId) ? Number(tradeId) : null)
  return last !== null && last >= count ? { first: last - count + 1, last, previous: null } : null
}

/** Frames from before fills were merged carry no count. */
const countOf = (value: unknown): number | null => {
  if (value === undefined) return 1
  const count = safeInteger(typeof value === "string" && digits.test(value) ? Number(value) : value)
  return count !== null && count > 0 ? count : null
}

/** The trade that `value`, parsed from `data`, stands for, or what is wrong with it. */
export const readTrade = (
  value: unknown,
  data: Buffer,
  symbol: string,
  timestampCollector: number
): TradeEvent | string => {
  if (!isObject(value)) return "trade that is not an object"
  const { tradeId } = value
  if (typeof tradeId !== "string" || tradeId === "") return "trade without a valid tradeId"
  if (value.instId !== symbol) return `trade of ${excerpt(value.instId)} among those of ${symbol}`
  const price = decimalText(value.px)
  if (price === null) return `trade ${excerpt(tradeId)} without a valid price px`
  const size = decimalText(value.sz)
  if (size === null) return `trade ${excerpt(tradeId)} without a valid size sz`
  const { side } = value
  if (side !== "buy" && side !== "sell") return `trade ${excerpt(tradeId)} without a valid side`
  const timestampExchange = millisToMicros(value.ts)
  if (timestampExchange === null) return `trade ${excerpt(tradeId)} without a valid time ts`
  const count = countOf(value.count)
  if (count === null) return `trade ${excerpt(tradeId)} without a valid count`
  return {
    dataType: "trade",
    symbol,
    sequenceId: tradeId,
    timestampCollector,
    timestampExchange,
    data,
    position: positionOf(tradeId, count),
    tradeId,
    price,
    size,
    side
  }
}
