import type { Subscription } from "../../domain/Feed.ts"
import type { Frame } from "../../domain/Frame.ts"
import { control, malformed, type Parsed, type Parser, type SubscribeFrame } from "../Exchange.ts"
import { clipped } from "../wire/clipped.ts"
import { decode, isObject } from "../wire/json.ts"
import { textOf } from "../wire/shape.ts"
import { makeReadAcknowledgement } from "./acknowledgement.ts"
import { parseBook } from "./advancedBook.ts"
import { glanceBook, glanceTrades } from "./advancedGlance.ts"
import { parseTrades, tradesOf } from "./advancedTrades.ts"
import type { Dialect } from "./dialect.ts"
import { malformedAt, sequenceNumber } from "./numbering.ts"
import { productsOf, symbolsOf } from "./products.ts"
import { parseRefusal } from "./refusal.ts"

const subscribeFrame = (channel: string, symbols: ReadonlyArray<string>): SubscribeFrame => (token) =>
  JSON.stringify({
    type: "subscribe",
    ...(symbols.length > 0 ? { product_ids: symbols } : {}),
    channel,
    ...(token === null ? {} : { jwt: token })
  })

// Coinbase takes one channel a message. `heartbeats` keep quiet channels open, and come last so that an
// acknowledgement which lists them is complete.
const subscribe = (subscriptions: ReadonlyArray<Subscription>): ReadonlyArray<SubscribeFrame> => {
  const books = symbolsOf(subscriptions, "orderbook")
  const trades = symbolsOf(subscriptions, "trade")
  return [
    ...(books.length > 0 ? [subscribeFrame("level2", books)] : []),
    ...(trades.length > 0 ? [subscribeFrame("market_trades", trades)] : []),
    subscribeFrame("heartbeats", [])
  ]
}

const parser = (subscriptions: ReadonlyArray<Subscription>): Parser => {
  const books = productsOf(subscriptions, "orderbook")
  const trades = productsOf(subscriptions, "trade")
  const readAcknowledgement = makeReadAcknowledgement(subscriptions)

  /** What stands in a message with market data that is written as Coinbase writes them; null for any other. */
  const readGlance = (frame: Frame): Parsed | null => {
    const text = textOf(frame.bytes)
    if (text === null) return null
    const book = glanceBook(text)
    if (book !== null) return parseBook(frame, book.message, book.sequence, books)
    const found = glanceTrades(text)
    return found === null ? null : tradesOf(frame, [found], found.sequence, trades)
  }

  return (frame) => {
    const seen = readGlance(frame)
    if (seen !== null) return seen
    const decoded = decode(frame.bytes)
    if (decoded._tag === "NotJson") return malformed(decoded.reason)
    const message = decoded.value
    if (!isObject(message)) return malformed("not a JSON object")
    if (message.type === "error") return parseRefusal(message)
    const sequence = sequenceNumber(message)
    if (sequence === null) return malformed("sequence_num is not a number")
    switch (message.channel) {
      case "l2_data":
        return parseBook(frame, message, sequence, books)
      case "market_trades":
        return parseTrades(frame, message, sequence, trades)
      case "heartbeats":
        return control({ _tag: "Heartbeat" }, sequence)
      case "subscriptions": {
        const answer = readAcknowledgement(message)
        return answer === null
          ? malformedAt(sequence, "subscriptions: not the known shape")
          : control(answer, sequence)
      }
      default:
        return malformedAt(
          sequence,
          typeof message.channel === "string" ? `unknown channel ${clipped(message.channel)}` : "channel is not text"
        )
    }
  }
}

/** Coinbase Advanced Trade: numbered messages, full-depth books, batches of trades. */
export const advanced: Dialect = {
  channels: {
    orderbook: {
      name: "level2",
      content: "complete book of all levels, then changes of it",
      sequenceId: "`sequence_num` of the message, which starts at 0 with each connection",
      gapRule: "`sequence_num` rises by 1 over all messages of the connection",
      continuity: "connection",
      exchangeTime: "`timestamp` of the message"
    },
    trade: {
      name: "market_trades",
      content: "recent trades, then batches of new ones",
      sequenceId: "`trade_id`",
      gapRule: "`trade_id` rises by 1, and `sequence_num` over all messages of the connection",
      continuity: "consecutive",
      exchangeTime: "`time` of the trade"
    }
  },
  usesToken: true,
  subscribe,
  parser
}
