import type { BookEvent } from "../../domain/Event.ts"
import type { Subscription } from "../../domain/Feed.ts"
import { integerText } from "../wire/integerText.ts"
import type { JsonObject } from "../wire/json.ts"
import { isLevels } from "../wire/levels.ts"

const idPath = ["lastUpdateId"]

/** The book that `value`, parsed from `data`, stands for, or what is wrong with it. */
export const readBook = (
  value: JsonObject,
  data: Buffer,
  subscription: Subscription,
  timestampCollector: number
): BookEvent | string => {
  const sequenceId = integerText(value.lastUpdateId, data, idPath)
  if (sequenceId === null) return "book without a valid lastUpdateId"
  if (!isLevels(value.bids) || !isLevels(value.asks)) return `book ${sequenceId} without valid bids and asks`
  return {
    dataType: "orderbook",
    symbol: subscription.symbol,
    sequenceId,
    timestampCollector,
    timestampExchange: null,
    data,
    // lastUpdateId moves by any amount between two frames, so nothing can be missing by it.
    position: null,
    isSnapshot: true
  }
}
