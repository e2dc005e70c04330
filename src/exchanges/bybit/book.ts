import type { BookEvent } from "../../domain/Event.ts"
import { excerpt } from "../wire/excerpt.ts"
import { integerText } from "../wire/integerText.ts"
import { isObject, type JsonObject, millisToMicros, safeInteger } from "../wire/json.ts"
import { isLevels } from "../wire/levels.ts"

const idPath = ["data", "u"]

/** The row of an order-book message, or what is wrong with it. */
export const readBook = (
  message: JsonObject,
  data: Buffer,
  symbol: string,
  timestampCollector: number
): BookEvent | string => {
  const { data: book, type } = message
  if (type !== "snapshot" && type !== "delta") return "order-book message without a valid type"
  if (!isObject(book)) return "order-book message without data"
  const sequenceId = integerText(book.u, data, idPath)
  if (sequenceId === null) return "book without a valid update id u"
  if (book.s !== symbol) return `book ${sequenceId} of ${excerpt(book.s)} in the topic of ${symbol}`
  if (!isLevels(book.b) || !isLevels(book.a)) return `book ${sequenceId} without valid bids b and asks a`
  const timestampExchange = millisToMicros(message.cts === undefined ? message.ts : message.cts)
  if (timestampExchange === null) return `book ${sequenceId} without a valid time cts or ts`
  const u = safeInteger(book.u)
  return {
    dataType: "orderbook",
    symbol,
    sequenceId,
    timestampCollector,
    timestampExchange,
    data,
    position: u === null ? null : { first: u, last: u, previous: null },
    // Bybit documentation, Orderbook: u = 1 is the snapshot after a restart of the service.
    isSnapshot: type === "snapshot" || u === 1
  }
}
