import type { Subscription } from "../../domain/Feed.ts"
import type { Frame } from "../../domain/Frame.ts"
import { control, malformed, type Parsed, type Parser } from "../Exchange.ts"
import { decode, isObject, type JsonObject } from "../wire/json.ts"
import { containsEscapedKey } from "../wire/jsonSpan.ts"
import { row } from "../wire/row.ts"
import { textOf } from "../wire/shape.ts"
import { tradeBatch, tradesOf } from "../wire/tradeBatch.ts"
import { unrequested } from "../wire/unrequested.ts"
import { readBook } from "./book.ts"
import { glanceBook, glanceTrades } from "./glance.ts"
import { topicOf } from "./subscribe.ts"
import { readTrade } from "./trade.ts"

const tradesPath = ["data"]

const readControl = (message: JsonObject): Parsed => {
  const { op, ret_msg: words, success } = message
  if (success === false) {
    return typeof words === "string"
      ? control({ _tag: "Rejected", reason: words === "" ? "refused without a reason" : words })
      : malformed("refusal without ret_msg")
  }
  // Spot answers a ping with op "ping", other sockets with "pong".
  if (words === "pong" || op === "ping" || op === "pong") return control({ _tag: "Pong" })
  if (success === true && op === "subscribe") return control({ _tag: "Acknowledged" })
  if (success === true && op === "unsubscribe") return control({ _tag: "Ignorable", description: "unsubscribed" })
  return malformed("neither market data nor a known reply")
}

/** Reads frames of the topics `orderbook.50` and `publicTrade`, and the replies to requests and pings. */
export const makeParser = (subscriptions: ReadonlyArray<Subscription>): Parser => {
  const byTopic = new Map(subscriptions.map((subscription) => [topicOf(subscription), subscription]))

  /** What stands in a frame that is written as Bybit writes them; null where that is not so, or nobody asked for it. */
  const readGlance = (frame: Frame): Parsed | null => {
    const text = textOf(frame.bytes)
    if (text === null) return null
    const book = glanceBook(text)
    if (book !== null) {
      const subscription = byTopic.get(book.topic)
      return subscription?.dataType === "orderbook"
        ? row(readBook(book, frame.bytes, subscription.symbol, frame.receivedAtMicros))
        : null
    }
    const trades = glanceTrades(text)
    const subscription = trades === null ? undefined : byTopic.get(trades.topic)
    return trades !== null && subscription?.dataType === "trade"
      ? tradesOf(
        frame.bytes,
        trades,
        (value, slice) => readTrade(value, slice, subscription.symbol, frame.receivedAtMicros)
      )
      : null
  }

  return (frame) => {
    const seen = readGlance(frame)
    if (seen !== null) return seen
    const decoded = decode(frame.bytes)
    if (decoded._tag === "NotJson") return malformed(decoded.reason)
    const message = decoded.value
    if (!isObject(message)) return malformed("not a JSON object")
    if (containsEscapedKey(frame.bytes)) return malformed("a key with an escape")
    const { data, topic } = message
    if (topic === undefined) return readControl(message)
    if (typeof topic !== "string") return malformed("topic that is not text")
    const subscription = byTopic.get(topic)
    if (subscription === undefined) return unrequested(`topic ${topic}`)
    const { dataType, symbol } = subscription
    if (dataType === "orderbook") return row(readBook(message, frame.bytes, symbol, frame.receivedAtMicros))
    if (!Array.isArray(data)) return malformed("trade message without data")
    return tradeBatch(
      frame.bytes,
      tradesPath,
      data,
      (value, slice) => readTrade(value, slice, symbol, frame.receivedAtMicros)
    )
  }
}
