import type { BookEvent, Position } from "../../domain/Event.ts"
import { isObject, type JsonObject, millisToMicros, safeInteger } from "../wire/json.ts"
import { integerText } from "../wire/integerText.ts"
import { isLevels } from "../wire/levels.ts"

const positionOf = (book: JsonObject): Position | null => {
  const seqId = safeInteger(book.seqId)
  const previous = safeInteger(book.prevSeqId)
  return seqId === null || previous === null ? null : { first: seqId, last: seqId, previous }
}

/**
 * The row of a `books` message, or what is wrong with it. A row is the whole message, so a message must hold one book,
 * as all that were ever seen do. The checksum is not read: it is 0 since June 2026.
 */
export const readBook = (
  action: unknown,
  books: ReadonlyArray<unknown>,
  data: Buffer,
  symbol: string,
  timestampCollector: number
): BookEvent | string => {
  if (action !== "snapshot" && action !== "update") return "books message without a valid action"
  const book = books[0]
  if (books.length !== 1 || !isObject(book)) return `books message with ${books.length} books instead of one`
  const sequenceId = integerText(book.seqId, data, ["data", 0, "seqId"])
  if (sequenceId === null) return "book without a valid seqId"
  if (!Number.isInteger(book.prevSeqId)) return `book ${sequenceId} without a valid prevSeqId`
  if (!isLevels(book.asks) || !isLevels(book.bids)) return `book ${sequenceId} without valid asks and bids`
  const timestampExchange = millisToMicros(book.ts)
  if (timestampExchange === null) return `book ${sequenceId} without a valid time ts`
  return {
    dataType: "orderbook",
    symbol,
    sequenceId,
    timestampCollector,
    timestampExchange,
    data,
    position: positionOf(book),
    isSnapshot: action === "snapshot"
  }
}
