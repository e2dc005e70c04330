import type { Subscription } from "../../domain/Feed.ts"
import type { Frame } from "../../domain/Frame.ts"
import { control, malformed, type Parsed, type Parser } from "../Exchange.ts"
import { excerpt } from "../wire/excerpt.ts"
import { decode, isObject, type JsonObject } from "../wire/json.ts"
import { containsEscapedKey, slice, valueAtPath } from "../wire/jsonSpan.ts"
import { row } from "../wire/row.ts"
import { unrequested } from "../wire/unrequested.ts"
import { readBook } from "./book.ts"
import { glance } from "./glance.ts"
import { streamOf } from "./subscribe.ts"
import { readTrade, type TimeUnit } from "./trade.ts"

const dataPath = ["data"]

const isBook = (value: JsonObject): boolean => value.e === undefined && value.lastUpdateId !== undefined

const isShutdown = (value: JsonObject): boolean => value.e === "serverShutdown"

const shutdown = control({
  _tag: "Notice",
  code: "serverShutdown",
  message: "the server will close its connections for maintenance",
  closing: true
})

const rejected = (error: JsonObject): Parsed =>
  typeof error.msg === "string"
    ? control({ _tag: "Rejected", reason: `${error.msg} (code ${excerpt(error.code)})` })
    : malformed("error without a msg")

const readControl = (value: JsonObject): Parsed => {
  // On the wire errors are nested; the documentation shows them flat.
  if (isObject(value.error)) return rejected(value.error)
  if (value.code !== undefined && value.msg !== undefined) return rejected(value)
  if (value.result === null) return control({ _tag: "Acknowledged" })
  if (value.result !== undefined) return control({ _tag: "Ignorable", description: "reply to a query" })
  return malformed("neither market data nor a reply")
}

/**
 * Reads combined and raw frames alike. A raw partial book names no symbol: it belongs to the connection's only order-book
 * subscription.
 */
export const makeParser = (unit: TimeUnit, subscriptions: ReadonlyArray<Subscription>): Parser => {
  const byStream = new Map(subscriptions.map((subscription) => [streamOf(subscription), subscription]))
  const distinct = [...byStream.values()]
  const tradesBySymbol = new Map(
    distinct.filter((s) => s.dataType === "trade").map((s) => [s.symbol.toUpperCase(), s])
  )
  const books = distinct.filter((s) => s.dataType === "orderbook")

  const readNamed = (stream: string, value: JsonObject, data: Buffer, frame: Frame): Parsed => {
    const subscription = byStream.get(stream)
    if (subscription === undefined) return unrequested(`stream ${stream}`)
    if (subscription.dataType === "orderbook") {
      if (!isBook(value)) return malformed(`no partial book in stream ${excerpt(stream)}`)
      return row(readBook(value, data, subscription, frame.receivedAtMicros))
    }
    if (value.e !== "trade" || typeof value.s !== "string" || tradesBySymbol.get(value.s) !== subscription) {
      return malformed(`no trade of its symbol in stream ${excerpt(stream)}`)
    }
    return row(readTrade(value, data, subscription, unit, frame.receivedAtMicros))
  }

  const readRaw = (value: JsonObject, frame: Frame): Parsed => {
    if (isBook(value)) {
      const subscription = books[0]
      if (subscription === undefined) return unrequested("a partial book")
      if (books.length > 1) {
        return malformed(
          "a partial book that names no symbol, on a connection with several: let base_url end in /stream"
        )
      }
      return row(readBook(value, frame.bytes, subscription, frame.receivedAtMicros))
    }
    if (value.e === undefined) return readControl(value)
    if (typeof value.e !== "string" || typeof value.s !== "string") {
      return malformed(`unknown event ${excerpt(value.e)}`)
    }
    const subscription = value.e === "trade" ? tradesBySymbol.get(value.s) : undefined
    if (subscription === undefined) return unrequested(`${value.s} ${value.e}`)
    return row(readTrade(value, frame.bytes, subscription, unit, frame.receivedAtMicros))
  }

  return (frame) => {
    const seen = glance(frame.bytes)
    if (seen !== null) return readNamed(seen.stream, seen.value, seen.data, frame)
    const decoded = decode(frame.bytes)
    if (decoded._tag === "NotJson") return malformed(decoded.reason)
    const { value } = decoded
    if (!isObject(value)) return malformed("not a JSON object")
    if (containsEscapedKey(frame.bytes)) return malformed("a key with an escape")
    if (isShutdown(value)) return shutdown
    if (value.stream === undefined) return readRaw(value, frame)
    const span = valueAtPath(frame.bytes, dataPath)
    if (typeof value.stream !== "string" || !isObject(value.data) || span === null) {
      return malformed("a combined frame without stream and data")
    }
    if (isShutdown(value.data)) return shutdown
    return readNamed(value.stream, value.data, slice(frame.bytes, span), frame)
  }
}
