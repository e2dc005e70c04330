import type { DataType, Subscription } from "../../domain/Feed.ts"
import type { Frame } from "../../domain/Frame.ts"
import { control, malformed, type Parsed, type Parser } from "../Exchange.ts"
import { excerpt } from "../wire/excerpt.ts"
import { decode, isObject, type JsonObject } from "../wire/json.ts"
import { containsEscapedKey } from "../wire/jsonSpan.ts"
import { row } from "../wire/row.ts"
import { textOf } from "../wire/shape.ts"
import { tradeBatch, tradesOf } from "../wire/tradeBatch.ts"
import { unrequested } from "../wire/unrequested.ts"
import { readBook } from "./book.ts"
import { glanceBook, glanceTrades } from "./glance.ts"
import { readTrade } from "./trade.ts"

// The answer to a text `ping` is this bare word, not JSON.
const pong = Buffer.from("pong")

const tradesPath = ["data"]

const readControl = (message: JsonObject): Parsed => {
  switch (message.event) {
    case "subscribe":
      return control({ _tag: "Acknowledged" })
    case "unsubscribe":
      return control({ _tag: "Ignorable", description: "unsubscribed" })
    case "error":
      return typeof message.msg === "string"
        ? control({ _tag: "Rejected", reason: `${message.msg} (code ${excerpt(message.code)})` })
        : malformed("error without a msg")
    case "notice": {
      const { code, msg } = message
      if (typeof code !== "string" || typeof msg !== "string") return malformed("notice without code and msg")
      return control({ _tag: "Notice", code, message: msg, closing: code === "64008" })
    }
    default:
      return malformed(`unknown event ${excerpt(message.event)}`)
  }
}

/** Reads frames of the public channels `books` and `trades`, and what OKX says about the connection. */
export const makeParser = (subscriptions: ReadonlyArray<Subscription>): Parser => {
  const symbolsOf = (dataType: DataType): ReadonlySet<string> =>
    new Set(subscriptions.filter((s) => s.dataType === dataType).map((s) => s.symbol))
  const books = symbolsOf("orderbook")
  const trades = symbolsOf("trade")

  const readPush = (arg: JsonObject, data: ReadonlyArray<unknown>, message: JsonObject, frame: Frame): Parsed => {
    const { channel, instId } = arg
    if (typeof channel !== "string" || typeof instId !== "string") return malformed("arg without channel and instId")
    if (channel === "books" && books.has(instId)) {
      return row(readBook(message.action, data, frame.bytes, instId, frame.receivedAtMicros))
    }
    if (channel === "trades" && trades.has(instId)) {
      return tradeBatch(
        frame.bytes,
        tradesPath,
        data,
        (value, slice) => readTrade(value, slice, instId, frame.receivedAtMicros)
      )
    }
    return unrequested(`${channel} ${instId}`)
  }

  /** What stands in a frame that is written as OKX writes them; null where that is not so, or nobody asked for it. */
  const readGlance = (frame: Frame): Parsed | null => {
    const text = textOf(frame.bytes)
    if (text === null) return null
    const book = glanceBook(text)
    if (book !== null) {
      return books.has(book.instId)
        ? row(readBook(book.action, book.books, frame.bytes, book.instId, frame.receivedAtMicros))
        : null
    }
    const found = glanceTrades(text)
    return found !== null && trades.has(found.instId)
      ? tradesOf(
        frame.bytes,
        found,
        (value, slice) => readTrade(value, slice, found.instId, frame.receivedAtMicros)
      )
      : null
  }

  return (frame) => {
    const seen = readGlance(frame)
    if (seen !== null) return seen
    if (pong.equals(frame.bytes)) return control({ _tag: "Pong" })
    const decoded = decode(frame.bytes)
    if (decoded._tag === "NotJson") return malformed(decoded.reason)
    const message = decoded.value
    if (!isObject(message)) return malformed("not a JSON object")
    if (containsEscapedKey(frame.bytes)) return malformed("a key with an escape")
    if (message.event !== undefined) return readControl(message)
    const { arg, data } = message
    if (!isObject(arg) || !Array.isArray(data)) return malformed("neither market data nor an event")
    return readPush(arg, data, message, frame)
  }
}
