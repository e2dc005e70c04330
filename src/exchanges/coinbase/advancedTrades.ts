import type { TradeEvent } from "../../domain/Event.ts"
import type { Frame } from "../../domain/Frame.ts"
import { control, type Parsed, type Problem } from "../Exchange.ts"
import { clipped } from "../wire/clipped.ts"
import { decimalText, isObject, type JsonObject, rfc3339ToMicros } from "../wire/json.ts"
import { containsEscapedKey, elements, member, slice, type Span, whole } from "../wire/jsonSpan.ts"
import type { TradeGlance } from "../wire/tradeBatch.ts"
import { malformedAt } from "./numbering.ts"
import type { Products } from "./products.ts"
import { takerSides } from "./takerSides.ts"

const tradeIdDigits = /^\d{1,30}$/

const malformedTrade = (reason: string): Problem => ({ _tag: "Malformed", reason: `market_trades: ${reason}` })

const readTrade = (frame: Frame, span: Span, trade: unknown, products: Products): TradeEvent | Problem => {
  if (!isObject(trade) || typeof trade.product_id !== "string") return malformedTrade("product_id is not text")
  const symbol = products.get(trade.product_id)
  if (symbol === undefined) return { _tag: "Unrequested", subject: `${clipped(trade.product_id)} trade` }
  const tradeId = trade.trade_id
  if (typeof tradeId !== "string" || !tradeIdDigits.test(tradeId)) return malformedTrade("trade_id is not digits")
  const price = decimalText(trade.price)
  if (price === null) return malformedTrade("price is not a decimal")
  const size = decimalText(trade.size)
  if (size === null) return malformedTrade("size is not a decimal")
  const side = takerSides.get(trade.side)
  if (side === undefined) return malformedTrade("side is neither BUY nor SELL")
  const timestampExchange = rfc3339ToMicros(trade.time)
  if (timestampExchange === null) return malformedTrade("time is not an RFC 3339 time")
  const id = Number(tradeId)
  return {
    dataType: "trade",
    symbol,
    sequenceId: tradeId,
    timestampCollector: frame.receivedAtMicros,
    timestampExchange,
    data: slice(frame.bytes, span),
    position: Number.isSafeInteger(id) ? { first: id, last: id, previous: null } : null,
    tradeId,
    price,
    size,
    side
  }
}

const arraySpans = (bytes: Buffer, object: Span, key: string): ReadonlyArray<Span> => {
  const array = member(bytes, object, key)
  return array === null ? [] : elements(bytes, array)
}

/** The rows of events at which each trade is the older the later it stands: of all of them the oldest first. */
export const tradesOf = (
  frame: Frame,
  groups: ReadonlyArray<TradeGlance | Problem>,
  sequence: number,
  products: Products
): Parsed => {
  const events: Array<TradeEvent> = []
  const problems: Array<Problem> = []
  for (const group of groups) {
    if ("_tag" in group) {
      problems.push(group)
      continue
    }
    for (let at = group.spans.length - 1; at >= 0; at--) {
      const trade = readTrade(frame, group.spans[at]!, group.values[at], products)
      if ("_tag" in trade) problems.push(trade)
      else events.push(trade)
    }
  }
  return events.length === 0 && problems.length === 0
    ? control({ _tag: "Ignorable", description: "market_trades without trades" }, sequence)
    : { events, control: null, problems, connectionSequence: sequence }
}

/** The rows of a `market_trades` message, one for each trade, oldest first: within an event the wire has the newest first. */
export const parseTrades = (frame: Frame, message: JsonObject, sequence: number, products: Products): Parsed => {
  if (!Array.isArray(message.events)) return malformedAt(sequence, "market_trades: events is not an array")
  const messageEvents: ReadonlyArray<unknown> = message.events
  if (containsEscapedKey(frame.bytes)) return malformedAt(sequence, "market_trades: a key with an escape")
  const groups = arraySpans(frame.bytes, whole(frame.bytes), "events").map((span, index): TradeGlance | Problem => {
    const event = messageEvents[index]
    return !isObject(event) || (event.type !== "snapshot" && event.type !== "update") || !Array.isArray(event.trades)
      ? malformedTrade("an event has not the known shape")
      : { values: event.trades, spans: arraySpans(frame.bytes, span, "trades") }
  })
  return tradesOf(frame, groups, sequence, products)
}
