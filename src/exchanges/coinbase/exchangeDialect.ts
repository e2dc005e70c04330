import type { Subscription } from "../../domain/Feed.ts"
import { control, malformed, type Parser, type SubscribeFrame } from "../Exchange.ts"
import { clipped } from "../wire/clipped.ts"
import { decode, isObject } from "../wire/json.ts"
import { unrequested } from "../wire/unrequested.ts"
import type { Dialect } from "./dialect.ts"
import { parseSnapshot, parseUpdate } from "./exchangeBook.ts"
import { parseMatch } from "./exchangeMatch.ts"
import { productsOf, symbolsOf } from "./products.ts"
import { parseRefusal } from "./refusal.ts"

const subscribeFrame = (symbols: ReadonlyArray<string>, channels: ReadonlyArray<string>): SubscribeFrame => () =>
  JSON.stringify({ type: "subscribe", product_ids: symbols, channels: [...channels, "heartbeat"] })

// A message subscribes every product of it to every channel of it.
const subscribe = (subscriptions: ReadonlyArray<Subscription>): ReadonlyArray<SubscribeFrame> => {
  const books = symbolsOf(subscriptions, "orderbook")
  const trades = symbolsOf(subscriptions, "trade")
  if (books.length > 0 && books.length === trades.length && books.every((symbol) => trades.includes(symbol))) {
    return [subscribeFrame(books, ["level2_batch", "matches"])]
  }
  return [
    ...(books.length > 0 ? [subscribeFrame(books, ["level2_batch"])] : []),
    ...(trades.length > 0 ? [subscribeFrame(trades, ["matches"])] : [])
  ]
}

const marketData = {
  snapshot: { dataType: "orderbook", parse: parseSnapshot },
  l2update: { dataType: "orderbook", parse: parseUpdate },
  match: { dataType: "trade", parse: parseMatch },
  last_match: { dataType: "trade", parse: parseMatch }
} as const

const parser = (subscriptions: ReadonlyArray<Subscription>): Parser => {
  const products = {
    orderbook: productsOf(subscriptions, "orderbook"),
    trade: productsOf(subscriptions, "trade")
  }
  return (frame) => {
    const decoded = decode(frame.bytes)
    if (decoded._tag === "NotJson") return malformed(decoded.reason)
    const message = decoded.value
    if (!isObject(message)) return malformed("not a JSON object")
    switch (message.type) {
      case "snapshot":
      case "l2update":
      case "match":
      case "last_match": {
        const { dataType, parse } = marketData[message.type]
        const product = message.product_id
        if (typeof product !== "string") return malformed(`${message.type}: product_id is not text`)
        const symbol = products[dataType].get(product)
        return symbol === undefined ? unrequested(`${product} ${dataType}`) : parse(frame, message, symbol)
      }
      case "heartbeat":
        return control({ _tag: "Heartbeat" })
      case "subscriptions":
        return control({ _tag: "Acknowledged" })
      case "error":
        return parseRefusal(message)
      default:
        return malformed(
          typeof message.type === "string" ? `unknown type ${clipped(message.type)}` : "type is not text"
        )
    }
  }
}

/**
 * Coinbase Exchange, the older feed: changes of books every 50 ms, and single trades. Nothing numbers its books, and
 * a product that it does not know refuses the whole subscription with an error.
 */
export const exchangeDialect: Dialect = {
  channels: {
    orderbook: {
      name: "level2_batch",
      content: "complete book of all levels, then changes of it",
      sequenceId: "composed: `<time in µs>-<CRC-32 of the message>`, for no message is numbered",
      gapRule: "not verifiable",
      continuity: "none",
      exchangeTime: "`time`, none in most snapshots"
    },
    trade: {
      name: "matches",
      content: "the latest trade, then one trade a message",
      sequenceId: "`trade_id`",
      gapRule: "`trade_id` rises by 1",
      continuity: "consecutive",
      exchangeTime: "`time`"
    }
  },
  usesToken: false,
  subscribe,
  parser
}
