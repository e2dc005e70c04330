import { Effect, type Scope } from "effect"
import { WebSocket } from "ws"
import type { Endpoint } from "../../src/simulator/venues.ts"

/** How a connection ended, as the client saw it. */
export interface Closed {
  readonly code: number
  readonly reason: string
}

/** A plain WebSocket client that keeps what it received and waits for what it has not. */
export interface Client {
  readonly socket: WebSocket
  readonly texts: ReadonlyArray<string>
  readonly binaries: ReadonlyArray<boolean>
  readonly pings: ReadonlyArray<string>
  readonly send: (text: string) => Effect.Effect<void>
  /** The first message that matches, whether it came already or comes in time. */
  readonly message: (matches: string | ((text: string) => boolean)) => Effect.Effect<string>
  /** Waits until so many messages match; gives them. */
  readonly messages: (count: number, matches: (text: string) => boolean) => Effect.Effect<ReadonlyArray<string>>
  readonly closed: Effect.Effect<Closed>
}

const patience = "5 seconds"

/** Opens a WebSocket that is terminated with the scope. */
export const connect = Effect.fnUntraced(function*(
  url: string,
  options: { readonly autoPong?: boolean; readonly headers?: Readonly<Record<string, string>> } = {}
): Effect.fn.Return<Client, Error, Scope.Scope> {
  const texts: Array<string> = []
  const binaries: Array<boolean> = []
  const pings: Array<string> = []
  let ended: Closed | null = null
  const watchers = new Set<() => void>()
  const notify = () => watchers.forEach((watcher) => watcher())

  const socket = yield* Effect.acquireRelease(
    Effect.sync(() => new WebSocket(url, { perMessageDeflate: false, ...options })),
    (socket) => Effect.sync(() => socket.terminate())
  )
  let failure = new Error(`no connection to ${url}`)
  socket.on("error", (error) => {
    failure = error
  })
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    texts.push(data.toString())
    binaries.push(isBinary)
    notify()
  })
  socket.on("ping", (data: Buffer) => {
    pings.push(data.toString())
    notify()
  })
  socket.on("close", (code, reason) => {
    ended = { code, reason: reason.toString() }
    notify()
  })

  const until = <A>(what: string, look: () => A | null): Effect.Effect<A> =>
    Effect.callback<A>((resume) => {
      const watcher = () => {
        const found = look()
        if (found === null) return
        watchers.delete(watcher)
        resume(Effect.succeed(found))
      }
      watchers.add(watcher)
      watcher()
      return Effect.sync(() => watchers.delete(watcher))
    }).pipe(Effect.timeoutOrElse({
      duration: patience,
      orElse: () =>
        Effect.die(
          new Error(
            `waited in vain for ${what}; got ${texts.length} messages, the last: ${texts.at(-1)?.slice(0, 300)}`
          )
        )
    }))

  yield* Effect.callback<void, Error>((resume) => {
    socket.once("open", () => resume(Effect.void))
    socket.once("close", () => resume(Effect.fail(failure)))
  })
  return {
    socket,
    texts,
    binaries,
    pings,
    send: (text) => Effect.sync(() => socket.send(text)),
    message: (matches) =>
      until(
        String(matches),
        () => texts.find((text) => typeof matches === "string" ? text.includes(matches) : matches(text)) ?? null
      ),
    messages: (count, matches) =>
      until(`${count} messages`, () => {
        const found = texts.filter(matches)
        return found.length >= count ? found : null
      }),
    closed: until("the end", () => ended)
  }
})

/** The messages that subscribe a connection to the book and the trades of a symbol. */
export const subscribeBoth = (endpoint: Endpoint, symbol: string): ReadonlyArray<string> => {
  switch (endpoint) {
    case "binance":
      return [JSON.stringify({
        method: "SUBSCRIBE",
        params: [`${symbol}@depth20@100ms`, `${symbol}@trade`],
        id: 1
      })]
    case "coinbase":
      return ["level2", "market_trades"].map((channel) =>
        JSON.stringify({ type: "subscribe", product_ids: [symbol], channel })
      ).concat(JSON.stringify({ type: "subscribe", channel: "heartbeats" }))
    case "coinbase-exchange":
      return [JSON.stringify({
        type: "subscribe",
        product_ids: [symbol],
        channels: ["matches", "level2_batch", "heartbeat"]
      })]
    case "upbit":
      return [JSON.stringify([
        { ticket: "t" },
        { type: "orderbook", codes: [symbol] },
        { type: "trade", codes: [symbol] }
      ])]
    case "okx":
      return [JSON.stringify({
        op: "subscribe",
        args: ["books", "trades"].map((channel) => ({ channel, instId: symbol }))
      })]
    case "bybit":
      return [JSON.stringify({ op: "subscribe", args: [`orderbook.50.${symbol}`, `publicTrade.${symbol}`] })]
  }
}

/** A default symbol of each endpoint. */
export const symbolOf: Readonly<Record<Endpoint, string>> = {
  binance: "btcusdt",
  coinbase: "BTC-USD",
  "coinbase-exchange": "BTC-USD",
  upbit: "KRW-BTC",
  okx: "BTC-USDT",
  bybit: "BTCUSDT"
}

export const endpoints: ReadonlyArray<Endpoint> = [
  "binance",
  "coinbase",
  "coinbase-exchange",
  "upbit",
  "okx",
  "bybit"
]

/** Opens a connection and subscribes to both feeds of the endpoint's default symbol. */
export const follow = Effect.fnUntraced(function*(baseUrl: (endpoint: Endpoint) => string, endpoint: Endpoint) {
  const client = yield* connect(baseUrl(endpoint))
  for (const text of subscribeBoth(endpoint, symbolOf[endpoint])) yield* client.send(text)
  return client
})
