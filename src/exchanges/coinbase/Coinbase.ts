import { venueMarket } from "../../domain/venueMarket.ts"
import type { Keepalive, Limits, MakeExchange } from "../Exchange.ts"
import { advanced } from "./advanced.ts"
import type { Dialect } from "./dialect.ts"
import { exchangeDialect } from "./exchangeDialect.ts"
import { coinbaseHistory } from "./history.ts"

const defaultUrl = "wss://advanced-trade-ws.coinbase.com"

// Both dialects send a heartbeat every second; a snapshot of several MB on a slow line may hold it up for a while.
const keepalive: Keepalive = {
  ping: { _tag: "PingFrame" },
  everyMillis: 20_000,
  replyWithinMillis: 10_000,
  heartbeatWithinMillis: 15_000
}

// 8 connections and 8 messages a second are allowed for each address; 3 connections send up to 9 messages in all,
// spread by the spacing, and usually 6.
const limits: Limits = {
  connectAttempts: { count: 3, perMillis: 1000 },
  pauseMillis: { 418: 300_000, 429: 60_000 },
  sendSpacingMillis: 200,
  maxFrameBytes: 32 * 1024 * 1024,
  maxLifetimeMillis: null
}

const dialectOf = (url: string): Dialect =>
  venueMarket("coinbase", url) === "Coinbase Exchange" ? exchangeDialect : advanced

const refusalAdvice = (status: number): string | null => {
  switch (status) {
    case 401:
      return "Coinbase does not accept the credentials: check COINBASE_API_KEY and COINBASE_API_SECRET, or set neither"
    case 403:
      return "Coinbase does not serve this address: check the network or proxy"
    case 429:
      return "more than 8 connections a second from this address: stop other clients of Coinbase here, or wait"
    default:
      return null
  }
}

/**
 * Coinbase Advanced Trade, or Coinbase Exchange where the host of `baseUrl` starts with `ws-feed` or its path with
 * `/ws-feed`.
 */
export const make: MakeExchange = (baseUrl) => {
  const url = baseUrl ?? defaultUrl
  return {
    venue: "coinbase",
    notation: {
      pattern: /^[A-Z0-9]+(?:-[A-Z0-9]+)+$/,
      description: "upper case with a dash, base first",
      example: "BTC-USD"
    },
    keepalive,
    limits,
    ...dialectOf(url),
    url: () => url,
    refusalAdvice,
    tradeHistory: coinbaseHistory(baseUrl)
  }
}
