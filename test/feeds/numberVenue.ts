import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { type WebSocket, WebSocketServer } from "ws"
import { control, events, type Exchange, malformed } from "../../src/exchanges/Exchange.ts"

/** A venue whose frames are numbers, one event each, and words for everything else. */
export const exchangeAt = (url: string, overrides: Partial<Exchange> = {}): Exchange => ({
  venue: "bybit",
  notation: { pattern: /./, description: "anything", example: "BTCUSDT" },
  keepalive: {
    ping: { _tag: "PingFrame" },
    everyMillis: 60_000,
    replyWithinMillis: 10_000,
    heartbeatWithinMillis: null
  },
  limits: {
    connectAttempts: { count: 1000, perMillis: 1000 },
    pauseMillis: { 418: 300_000, 429: 60_000 },
    sendSpacingMillis: 1,
    maxFrameBytes: 1_000_000,
    maxLifetimeMillis: null
  },
  channels: {
    orderbook: { name: "", content: "", sequenceId: "", gapRule: "", continuity: "none", exchangeTime: "" },
    trade: { name: "", content: "", sequenceId: "", gapRule: "", continuity: "none", exchangeTime: "" }
  },
  usesToken: false,
  url: () => url,
  subscribe: () => [() => "subscribe"],
  refusalAdvice: () => null,
  tradeHistory: null,
  parser: () => ({ bytes, receivedAtMicros }) => {
    const text = bytes.toString()
    if (text === "pong") return control({ _tag: "Pong" })
    if (text.startsWith("no: ")) return control({ _tag: "Rejected", reason: text.slice(4) })
    if (!/^\d+$/.test(text)) return malformed("not a number")
    return events([{
      dataType: "trade",
      symbol: "BTCUSDT",
      sequenceId: text,
      tradeId: text,
      timestampCollector: receivedAtMicros,
      timestampExchange: null,
      data: bytes,
      position: null,
      price: 1,
      size: 1,
      side: "buy"
    }])
  },
  ...overrides
})

/** A WebSocket server on loopback that lives as long as the scope; gives its URL. */
export const serve = Effect.fnUntraced(function*(onPeer: (peer: WebSocket) => void) {
  const http = createServer()
  const server = new WebSocketServer({ server: http })
  server.on("connection", onPeer)
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      http.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.sync(() => {
        server.clients.forEach((peer) => peer.terminate())
        http.close()
      })
  )
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}`
})
