import type { DataType, Subscription } from "../../domain/Feed.ts"
import type { Frame } from "../../domain/Frame.ts"
import {
  type Channel,
  control,
  type Keepalive,
  type Limits,
  type MakeExchange,
  malformed,
  type Parsed,
  type Parser
} from "../Exchange.ts"
import { clipped } from "../wire/clipped.ts"
import { decode, isObject } from "../wire/json.ts"
import { textOf } from "../wire/shape.ts"
import { unrequested } from "../wire/unrequested.ts"
import { glanceOrderbook, glanceTrade } from "./glance.ts"
import { upbitHistory } from "./history.ts"
import { parseOrderbook } from "./orderbook.ts"
import { parseTrade, readTrade } from "./trade.ts"

const defaultUrl = "wss://api.upbit.com/websocket/v1"

// The documents say that an idle connection is closed after 120 s, but 60 s were measured.
const keepalive: Keepalive = {
  ping: { _tag: "PingFrame" },
  everyMillis: 20_000,
  replyWithinMillis: 10_000,
  heartbeatWithinMillis: null
}

const limits: Limits = {
  connectAttempts: { count: 5, perMillis: 1500 },
  pauseMillis: { 418: 300_000, 429: 60_000 },
  sendSpacingMillis: 700,
  maxFrameBytes: 1024 * 1024,
  maxLifetimeMillis: null
}

const channels: Readonly<Record<DataType, Channel>> = {
  orderbook: {
    name: "orderbook",
    content: "complete book of up to 30 levels a side in every message",
    sequenceId: "composed: `<timestamp>-<CRC-32 of the message>`, for Upbit numbers no books",
    gapRule: "not verifiable",
    continuity: "none",
    exchangeTime: "`timestamp`"
  },
  trade: {
    name: "trade",
    content: "one trade a message",
    sequenceId: "`sequential_id`, exact: identifies a trade, but has holes and may arrive out of order",
    gapRule: "not verifiable",
    continuity: "none",
    exchangeTime: "`trade_timestamp`"
  }
}

const codesOf = (subscriptions: ReadonlyArray<Subscription>, dataType: DataType): ReadonlyArray<string> =>
  subscriptions.filter((subscription) => subscription.dataType === dataType).map((subscription) => subscription.symbol)

const request = (subscriptions: ReadonlyArray<Subscription>): string => {
  const orderbook = codesOf(subscriptions, "orderbook")
  const trade = codesOf(subscriptions, "trade")
  return JSON.stringify([
    { ticket: `ticklake ${[...orderbook, ...trade].join(" ")}`.slice(0, 60) },
    ...(orderbook.length > 0 ? [{ type: "orderbook", codes: orderbook }] : []),
    ...(trade.length > 0 ? [{ type: "trade", codes: trade }] : []),
    { format: "DEFAULT" }
  ])
}

const parser = (subscriptions: ReadonlyArray<Subscription>): Parser => {
  const orderbooks = new Set(codesOf(subscriptions, "orderbook"))
  const trades = new Set(codesOf(subscriptions, "trade"))

  /** What stands in a frame that is written as Upbit writes them; null where that is not so, or nobody asked for it. */
  const readGlance = (frame: Frame): Parsed | null => {
    const text = textOf(frame.bytes)
    if (text === null) return null
    const trade = glanceTrade(text)
    if (trade !== null) return trades.has(trade.code) ? readTrade(frame, trade.message, trade.code, trade.id) : null
    const book = glanceOrderbook(text)
    return book !== null && orderbooks.has(book.code) ? parseOrderbook(frame, book.message, book.code) : null
  }

  return (frame) => {
    const seen = readGlance(frame)
    if (seen !== null) return seen
    const decoded = decode(frame.bytes)
    if (decoded._tag === "NotJson") return malformed(decoded.reason)
    const message = decoded.value
    if (!isObject(message)) return malformed("not a JSON object")
    const { code, error, type } = message
    if (type === "orderbook" || type === "trade") {
      if (typeof code !== "string") return malformed(`${type}: code is not text`)
      if (type === "orderbook") {
        return orderbooks.has(code) ? parseOrderbook(frame, message, code) : unrequested(`${code} ${type}`)
      }
      return trades.has(code) ? parseTrade(frame, message, code) : unrequested(`${code} ${type}`)
    }
    if (typeof type === "string") return malformed(`unknown type ${clipped(type)}`)
    if (isObject(error) && typeof error.name === "string" && typeof error.message === "string") {
      return control({ _tag: "Rejected", reason: `${error.name}: ${error.message}` })
    }
    if (message.status === "UP") return control({ _tag: "Pong" })
    if (message.method === "LIST_SUBSCRIPTIONS") {
      return control({ _tag: "Ignorable", description: "list of subscriptions" })
    }
    return malformed("neither market data in DEFAULT format nor a known answer")
  }
}

const refusalAdvice = (status: number): string | null => {
  switch (status) {
    case 403:
      return "Upbit does not serve this address: check the network or proxy, or set base_url to a regional Upbit"
    case 418:
      return "Upbit has blocked this address for a while after too many requests: stop other clients and wait"
    case 429:
      return "more than 5 connections a second from this address: stop other clients of Upbit here, or wait"
    default:
      return null
  }
}

/**
 * Upbit's public WebSocket (API v1, DEFAULT format). `baseUrl` may name one of the regional Upbits, which are venues of
 * their own. Nothing is acknowledged, and an unknown code is answered with silence.
 */
export const make: MakeExchange = (baseUrl) => ({
  venue: "upbit",
  notation: {
    pattern: /^[A-Z0-9]+-[A-Z0-9]+$/,
    description: "upper case with a dash, quote first, without a depth suffix",
    example: "KRW-BTC"
  },
  keepalive,
  limits,
  channels,
  usesToken: false,
  url: () => baseUrl ?? defaultUrl,
  subscribe: (subscriptions) => [() => request(subscriptions)],
  parser,
  refusalAdvice,
  tradeHistory: upbitHistory(baseUrl)
})
