import type { DataType } from "../../src/domain/Feed.ts"
import type { Venue } from "../../src/domain/Venue.ts"

/** What a connection asks for. */
export interface Subscribed {
  readonly venue: Venue
  readonly symbol: string
  readonly dataType: DataType
}

interface Request {
  readonly params?: ReadonlyArray<string>
  readonly op?: string
  readonly args?: ReadonlyArray<string | { readonly channel: string; readonly instId: string }>
  readonly channel?: string
  readonly product_ids?: ReadonlyArray<string>
}

type Codes = ReadonlyArray<{ readonly type?: DataType; readonly codes?: ReadonlyArray<string> }>

/** What Coinbase was asked for before it was asked for heartbeats, by the way back to whoever asked. */
const products = new WeakMap<(text: string) => void, Subscribed>()

/** Answers a message of a connection as its venue does; null where it is no subscription, or none that is complete yet. */
export const acknowledge = (venue: Venue, text: string, send: (text: string) => void): Subscribed | null => {
  if (text === "ping") {
    send("pong")
    return null
  }
  if (venue === "upbit") {
    const asked = (JSON.parse(text) as Codes).find(({ codes }) => codes !== undefined)
    return asked?.type === undefined ? null : { venue, dataType: asked.type, symbol: asked.codes?.[0] ?? "" }
  }
  const request = JSON.parse(text) as Request
  switch (venue) {
    case "binance": {
      const [symbol = "", stream] = (request.params?.[0] ?? "").split("@")
      send(`{"result":null,"id":1}`)
      return { venue, symbol, dataType: stream === "trade" ? "trade" : "orderbook" }
    }
    case "okx": {
      const arg = request.args?.[0]
      if (arg === undefined || typeof arg === "string") return null
      send(JSON.stringify({ id: "1", event: "subscribe", arg, connId: "a1b2c3d4" }))
      return { venue, symbol: arg.instId, dataType: arg.channel === "trades" ? "trade" : "orderbook" }
    }
    case "bybit": {
      if (request.op === "ping") {
        send(`{"success":true,"ret_msg":"pong","conn_id":"a1","req_id":"ping","op":"ping"}`)
        return null
      }
      const topic = String(request.args?.[0]).split(".")
      send(`{"success":true,"ret_msg":"subscribe","conn_id":"a1","req_id":"1","op":"subscribe"}`)
      return { venue, symbol: topic.at(-1) ?? "", dataType: topic[0] === "publicTrade" ? "trade" : "orderbook" }
    }
    case "coinbase": {
      if (request.channel !== "heartbeats") {
        const dataType = request.channel === "market_trades" ? "trade" : "orderbook"
        products.set(send, { venue, dataType, symbol: request.product_ids?.[0] ?? "" })
        return null
      }
      const asked = products.get(send)
      if (asked === undefined) return null
      const channel = asked.dataType === "trade" ? "market_trades" : "level2"
      const subscriptions = { [channel]: [asked.symbol], heartbeats: ["heartbeats"] }
      const timestamp = "2026-09-21T14:13:20.4Z"
      send(JSON.stringify({ channel: "subscriptions", timestamp, sequence_num: 0, events: [{ subscriptions }] }))
      return asked
    }
  }
}
