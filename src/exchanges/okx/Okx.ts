import type { DataType, Subscription } from "../../domain/Feed.ts"
import { venueMarket } from "../../domain/venueMarket.ts"
import type { Channel, Keepalive, Limits, MakeExchange, SubscribeFrame } from "../Exchange.ts"
import { okxHistory } from "./history.ts"
import { makeParser } from "./parser.ts"

const defaultUrl = "wss://ws.okx.com:8443/ws/v5/public"

// OKX documentation, Connect: the server closes after 30 s in which nothing was sent either way.
const keepalive: Keepalive = {
  ping: { _tag: "Text", text: "ping" },
  everyMillis: 20_000,
  replyWithinMillis: 10_000,
  heartbeatWithinMillis: null
}

// OKX documentation, Connect: 3 connections a second, counted where they arrive: hence the margin. A snapshot of 400 levels has about 40 kB.
const limits: Limits = {
  connectAttempts: { count: 3, perMillis: 1500 },
  pauseMillis: { 418: 300_000, 429: 60_000 },
  sendSpacingMillis: 250,
  maxFrameBytes: 4 * 1024 * 1024,
  maxLifetimeMillis: null
}

const channels: Readonly<Record<DataType, Channel>> = {
  orderbook: {
    name: "books",
    content: "a snapshot of up to 400 levels a side, then changes every 100 ms",
    sequenceId: "`seqId`",
    gapRule: "`prevSeqId` is the previous `seqId`",
    continuity: "linked",
    exchangeTime: "`ts`"
  },
  trade: {
    name: "trades",
    content: "fills of one taker order at one price, merged",
    sequenceId: "`tradeId`, the last of the merged fills",
    gapRule: "`tradeId - count + 1` is the previous `tradeId` + 1",
    continuity: "consecutive",
    exchangeTime: "`ts`"
  }
}

// Close code 4003 is given for more than 100 args; a request of 100 stays far below 64 KB.
const maxArgs = 100

const subscribe = (subscriptions: ReadonlyArray<Subscription>): ReadonlyArray<SubscribeFrame> => {
  const requests: Array<SubscribeFrame> = []
  for (let i = 0; i < subscriptions.length; i += maxArgs) {
    const args = subscriptions.slice(i, i + maxArgs).map(({ dataType, symbol }) => ({
      channel: channels[dataType].name,
      instId: symbol
    }))
    const text = JSON.stringify({ id: String(requests.length + 1), op: "subscribe", args })
    requests.push(() => text)
  }
  return requests
}

const refusalAdvice = (status: number): string | null => {
  switch (status) {
    case 403:
      return "OKX does not serve this address: check the network or proxy, or set base_url to " +
        "wss://wsus.okx.com:8443/ws/v5/public (US, AU) or wss://wseea.okx.com:8443/ws/v5/public (EEA)"
    case 404:
      return "there is no such path: base_url must end in /ws/v5/public"
    case 429:
      return "more than 3 connections a second from this address: stop other clients of OKX here, or wait"
    default:
      return null
  }
}

/** OKX's public WebSocket (API v5). `baseUrl` may name a regional or the demo host, with its path. */
export const make: MakeExchange = (baseUrl) => ({
  venue: "okx",
  notation: {
    pattern: /^[A-Z0-9]+(?:-[A-Z0-9_]+)+$/,
    description: "upper case with a dash, base first",
    example: "BTC-USDT"
  },
  keepalive,
  limits,
  channels,
  usesToken: false,
  url: () => baseUrl ?? defaultUrl,
  subscribe,
  parser: makeParser,
  refusalAdvice,
  // Without a header of its own, REST answers for demo trading with trades of the real markets.
  tradeHistory: baseUrl !== null && venueMarket("okx", baseUrl) === "OKX's demo" ? null : okxHistory(baseUrl)
})
