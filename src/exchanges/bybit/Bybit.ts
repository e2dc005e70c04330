import type { DataType } from "../../domain/Feed.ts"
import type { Channel, Keepalive, Limits, MakeExchange } from "../Exchange.ts"
import { bybitHistory } from "./history.ts"
import { makeParser } from "./parser.ts"
import { subscribeFrames } from "./subscribe.ts"

const defaultUrl = "wss://stream.bybit.com/v5/public/spot"

// Bybit documentation, Connect: a ping every 20 s is recommended; the server closes after about 10 minutes without.
const keepalive: Keepalive = {
  ping: { _tag: "Text", text: JSON.stringify({ req_id: "ping", op: "ping" }) },
  everyMillis: 20_000,
  replyWithinMillis: 10_000,
  heartbeatWithinMillis: null
}

// Bybit documentation, Connect: 500 connections in 5 minutes. A message holds up to 1,024 trades of about 160 bytes.
const limits: Limits = {
  connectAttempts: { count: 500, perMillis: 300_000 },
  pauseMillis: { 403: 600_000, 418: 300_000, 429: 60_000 },
  sendSpacingMillis: 100,
  maxFrameBytes: 4 * 1024 * 1024,
  maxLifetimeMillis: null
}

const channels: Readonly<Record<DataType, Channel>> = {
  orderbook: {
    name: "orderbook.50",
    content: "a snapshot of up to 50 levels a side, then changes every 20 ms",
    sequenceId: "`u`",
    gapRule: "`u` is the previous `u` + 1; a snapshot or `u` = 1 starts anew",
    continuity: "stepping",
    exchangeTime: "`cts`, the time of the matching engine (`ts` where absent)"
  },
  trade: {
    name: "publicTrade",
    content: "one fill an element, up to 1,024 a message",
    sequenceId: "`i`",
    gapRule: "not verifiable",
    continuity: "none",
    exchangeTime: "`T`, the time of the trade"
  }
}

const refusalAdvice = (status: number): string | null => {
  switch (status) {
    case 403:
      return "Bybit refused this address, for too many requests (wait 10 minutes) or for its country (run elsewhere, " +
        "or set base_url to the regional host)"
    case 404:
      return "there is no such path: base_url must end in /v5/public/spot"
    case 429:
      return "Bybit protects itself from load: wait before connecting again"
    default:
      return null
  }
}

/** Bybit's public spot WebSocket (API v5). `baseUrl` may name a regional or the testnet host, with its path. */
export const make: MakeExchange = (baseUrl) => ({
  venue: "bybit",
  notation: {
    pattern: /^[A-Z0-9]+$/,
    description: "upper case without a separator, base first",
    example: "BTCUSDT"
  },
  keepalive,
  limits,
  channels,
  usesToken: false,
  url: () => baseUrl ?? defaultUrl,
  subscribe: subscribeFrames,
  parser: makeParser,
  refusalAdvice,
  tradeHistory: bybitHistory(baseUrl)
})
