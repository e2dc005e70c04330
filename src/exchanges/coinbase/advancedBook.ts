import type { BookEvent } from "../../domain/Event.ts"
import type { Frame } from "../../domain/Frame.ts"
import { control, type Parsed, type Problem } from "../Exchange.ts"
import { clipped } from "../wire/clipped.ts"
import { decimalText, isObject, type JsonObject, rfc3339ToMicros } from "../wire/json.ts"
import { malformedAt } from "./numbering.ts"
import type { Products } from "./products.ts"

const isLevel = (level: unknown): boolean =>
  isObject(level)
  && (level.side === "bid" || level.side === "offer")
  && decimalText(level.price_level) !== null
  && decimalText(level.new_quantity) !== null

/** What is wrong with one event of a book message, or null. An empty `updates` is routine. */
const flaw = (event: JsonObject): string | null => {
  if (event.type !== "snapshot" && event.type !== "update") return "l2_data: type is neither snapshot nor update"
  if (!Array.isArray(event.updates)) return "l2_data: updates is not an array"
  return event.updates.every(isLevel) ? null : "l2_data: a level has not the known shape"
}

/** The rows of an `l2_data` message: one for each product in it, whose `data` is the whole message. */
export const parseBook = (frame: Frame, message: JsonObject, sequence: number, products: Products): Parsed => {
  const timestampExchange = rfc3339ToMicros(message.timestamp)
  if (timestampExchange === null) return malformedAt(sequence, "l2_data: timestamp is not an RFC 3339 time")
  if (!Array.isArray(message.events)) return malformedAt(sequence, "l2_data: events is not an array")
  const messageEvents: ReadonlyArray<unknown> = message.events
  if (messageEvents.length === 0) {
    return control({ _tag: "Ignorable", description: "l2_data without events" }, sequence)
  }
  const isSnapshotBySymbol = new Map<string, boolean>()
  const flawed = new Set<string>()
  const problems: Array<Problem> = []
  for (const event of messageEvents) {
    if (!isObject(event) || typeof event.product_id !== "string") {
      problems.push({ _tag: "Malformed", reason: "l2_data: product_id is not text" })
      continue
    }
    const symbol = products.get(event.product_id)
    if (symbol === undefined) {
      problems.push({ _tag: "Unrequested", subject: `${clipped(event.product_id)} orderbook` })
      continue
    }
    const reason = flaw(event)
    if (reason !== null) {
      problems.push({ _tag: "Malformed", reason })
      flawed.add(symbol)
      continue
    }
    isSnapshotBySymbol.set(symbol, event.type === "snapshot" || isSnapshotBySymbol.get(symbol) === true)
  }
  const events: Array<BookEvent> = []
  for (const [symbol, isSnapshot] of isSnapshotBySymbol) {
    if (flawed.has(symbol)) continue
    events.push({
      dataType: "orderbook",
      symbol,
      sequenceId: String(sequence),
      timestampCollector: frame.receivedAtMicros,
      timestampExchange,
      data: frame.bytes,
      position: null,
      isSnapshot
    })
  }
  return { events, control: null, problems, connectionSequence: sequence }
}
