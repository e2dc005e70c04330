import type { DataType } from "../../domain/Feed.ts"
import type { Channel, Keepalive, Limits, MakeExchange } from "../Exchange.ts"
import { endpointOf, timeUnitOf } from "./endpoint.ts"
import { binanceHistory } from "./history.ts"
import { makeParser } from "./parser.ts"
import { subscribeFrames } from "./subscribe.ts"

// The server pings every 20 s by itself and closes after 60 s without a pong; our own ping notices its death sooner.
const keepalive: Keepalive = {
  ping: { _tag: "PingFrame" },
  everyMillis: 20_000,
  replyWithinMillis: 10_000,
  heartbeatWithinMillis: null
}

// Binance documentation, WebSocket Streams: 300 connections in 5 minutes, 5 messages a second, 24 hours.
const limits: Limits = {
  connectAttempts: { count: 300, perMillis: 300_000 },
  pauseMillis: { 418: 300_000, 429: 60_000 },
  sendSpacingMillis: 250,
  maxFrameBytes: 1024 * 1024,
  maxLifetimeMillis: 86_400_000
}

const channels: Readonly<Record<DataType, Channel>> = {
  orderbook: {
    name: "depth20@100ms",
    content: "the best 20 levels a side, complete, every 100 ms when changed",
    sequenceId: "`lastUpdateId`",
    gapRule: "not verifiable",
    continuity: "none",
    exchangeTime: "none"
  },
  trade: {
    name: "trade",
    content: "one fill a message",
    sequenceId: "`t`",
    gapRule: "`t` is the previous `t` + 1",
    continuity: "consecutive",
    exchangeTime: "`T`, the time of the trade"
  }
}

const refusalAdvice = (status: number): string | null => {
  switch (status) {
    case 403:
      return "the firewall of Binance refused this address: check base_url and the network, and wait some minutes"
    case 404:
      return "there is no such path: base_url must end in /stream or /ws"
    case 418:
      return "this address is banned for minutes to days after too many requests: stop all its clients and wait"
    case 429:
      return "too many requests from this address: wait before connecting again, for a ban would follow"
    case 451:
      return "Binance does not serve this location: set base_url to wss://data-stream.binance.vision, or to " +
        "wss://stream.binance.us:9443 for Binance.US, or run elsewhere"
    default:
      return null
  }
}

/**
 * Binance spot, and servers that speak like it (Binance.US, testnet), over combined or raw streams. Rows are the same
 * whichever is used.
 */
export const make: MakeExchange = (baseUrl) => {
  const endpoint = endpointOf(baseUrl)
  const unit = timeUnitOf(endpoint)
  return {
    venue: "binance",
    notation: {
      pattern: /^[\p{L}\p{N}]+$/u,
      description: "letters and digits without a separator, base first",
      example: "btcusdt"
    },
    keepalive,
    limits,
    channels,
    usesToken: false,
    url: () => endpoint,
    subscribe: subscribeFrames,
    parser: (subscriptions) => makeParser(unit, subscriptions),
    refusalAdvice,
    tradeHistory: binanceHistory(baseUrl)
  }
}
