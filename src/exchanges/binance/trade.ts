import type { TradeEvent } from "../../domain/Event.ts"
import type { Subscription } from "../../domain/Feed.ts"
import { decimalText, type JsonObject, millisToMicros, safeInteger } from "../wire/json.ts"
import { integerText } from "../wire/integerText.ts"

/** The unit of `E` and `T`, which `?timeUnit=` in the URL selects. */
export type TimeUnit = "millis" | "micros"

const idPath = ["t"]

// A time before 1973 in microseconds can only be milliseconds: the server then does not know `timeUnit`.
const earliestMicros = 100_000_000_000_000
const latestMicros = 8_640_000_000_000_000

const toMicros = (time: unknown, unit: TimeUnit): number | null => {
  if (unit === "millis") return millisToMicros(time)
  const micros = safeInteger(time)
  return micros !== null && micros >= earliestMicros && micros <= latestMicros ? micros : null
}

/** The trade that `value`, parsed from `data`, stands for, or what is wrong with it. */
export const readTrade = (
  value: JsonObject,
  data: Buffer,
  subscription: Subscription,
  unit: TimeUnit,
  timestampCollector: number
): TradeEvent | string => {
  const tradeId = integerText(value.t, data, idPath)
  if (tradeId === null) return "trade without a valid id t"
  const price = decimalText(value.p)
  if (price === null) return `trade ${tradeId} without a valid price p`
  const size = decimalText(value.q)
  if (size === null) return `trade ${tradeId} without a valid quantity q`
  const timestampExchange = toMicros(value.T, unit)
  if (timestampExchange === null) return `trade ${tradeId} without a valid time T`
  if (typeof value.m !== "boolean") return `trade ${tradeId} without a valid maker flag m`
  const t = safeInteger(value.t)
  return {
    dataType: "trade",
    symbol: subscription.symbol,
    sequenceId: tradeId,
    timestampCollector,
    timestampExchange,
    data,
    position: t === null ? null : { first: t, last: t, previous: null },
    tradeId,
    price,
    size,
    // `m`: the buyer is the maker, so the taker sold.
    side: value.m ? "sell" : "buy"
  }
}
