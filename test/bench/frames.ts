import type { DataType } from "../../src/domain/Feed.ts"
import type { Venue } from "../../src/domain/Venue.ts"
import { random } from "./random.ts"
import { type Part, type Render, renderRing, type Ring } from "./ring.ts"

/** What a connection of a venue sends for one data type. */
export interface Stream {
  readonly ring: Ring
  /** Sent first, where the venue begins with a complete book. */
  readonly first: Ring | null
}

const symbol: Part = { field: "symbol" }
const lower: Part = { field: "lower" }
const id: Part = { field: "id" }
const previous: Part = { field: "previous" }
const millis: Part = { field: "millis" }
const time: Part = { field: "time" }
const numberedTime: Part = { field: "numberedTime" }

/** The nth symbol of a venue, in its own notation and always of one length. */
export const symbolOf = (venue: Venue, index: number): string => {
  const base = `T${String(index).padStart(3, "0")}`
  switch (venue) {
    case "binance":
      return `${base.toLowerCase()}usdt`
    case "bybit":
      return `${base}USDT`
    case "okx":
      return `${base}-USDT`
    case "coinbase":
      return `${base}-USD`
    case "upbit":
      return `KRW-${base}`
  }
}

let cents = 6_725_000
const walk = () => (cents += Math.round((random() - 0.5) * 40))
const price = (value: number) => (value / 100).toFixed(2)
const size = () => (random() ** 4 * 3).toFixed(5)
const pick = <A>(one: A, other: A): A => random() < 0.5 ? one : other

const levels = (count: number, level: (price: string, size: string) => string) => {
  const middle = walk()
  const side = (direction: number) =>
    Array.from({ length: count }, (_, at) => level(price(middle + direction * (1 + at * 3)), size())).join()
  return { bids: side(-1), asks: side(1) }
}

const binanceTrade: Render = () => [
  `{"stream":"`,
  lower,
  `@trade","data":{"e":"trade","E":`,
  millis,
  `,"s":"`,
  symbol,
  `","t":`,
  id,
  `,"p":"${price(walk())}000000","q":"${size()}000","T":`,
  millis,
  `,"m":${pick(true, false)},"M":true}}`
]

const binanceBook = (count: number): Render => () => {
  const { asks, bids } = levels(count, (price, size) => `["${price}000000","${size}000"]`)
  return [`{"stream":"`, lower, `@depth20@100ms","data":{"lastUpdateId":`, id, `,"bids":[${bids}],"asks":[${asks}]}}`]
}

const bybitTrade: Render = () => {
  const element = (): ReadonlyArray<Part> => [
    `{"i":"229000000`,
    id,
    `","T":`,
    millis,
    `,"p":"${price(walk())}","v":"${size()}","S":"${pick("Buy", "Sell")}","seq":120000000020,"s":"`,
    symbol,
    `","BT":false,"RPI":false}`
  ]
  return [
    `{"topic":"publicTrade.`,
    symbol,
    `","ts":`,
    millis,
    `,"type":"snapshot","data":[`,
    ...element(),
    ",",
    ...element(),
    "]}"
  ]
}

const bybitBook = (type: "snapshot" | "delta"): Render => () => {
  const { asks, bids } = levels(20, (price, size) => `["${price}","${size}"]`)
  return [
    `{"topic":"orderbook.50.`,
    symbol,
    `","ts":`,
    millis,
    `,"type":"${type}","data":{"s":"`,
    symbol,
    `","b":[${bids}],"a":[${asks}],"u":`,
    id,
    `,"seq":120000000009},"cts":`,
    millis,
    "}"
  ]
}

const okxTrade: Render = () => [
  `{"arg":{"channel":"trades","instId":"`,
  symbol,
  `"},"data":[{"instId":"`,
  symbol,
  `","tradeId":"`,
  id,
  `","px":"${price(walk())}","sz":"${size()}","side":"${pick("buy", "sell")}","ts":"`,
  millis,
  `","count":"1","source":"0","seqId":90111222391}]}`
]

const okxBook = (action: "snapshot" | "update"): Render => () => {
  const { asks, bids } = levels(20, (price, size) => `["${price}","${size}","0","3"]`)
  return [
    `{"arg":{"channel":"books","instId":"`,
    symbol,
    `"},"action":"${action}","data":[{"asks":[${asks}],"bids":[${bids}],"ts":"`,
    millis,
    `","checksum":0,"prevSeqId":`,
    ...(action === "snapshot" ? ["-1"] : [previous]),
    `,"seqId":`,
    id,
    "}]}"
  ]
}

const coinbaseTrade: Render = () => [
  `{"channel":"market_trades","client_id":"","timestamp":"`,
  numberedTime,
  `,"events":[{"type":"update","trades":[{"product_id":"`,
  symbol,
  `","trade_id":"`,
  id,
  `","price":"${price(walk())}","size":"${size()}","time":"`,
  time,
  `","side":"${pick("BUY", "SELL")}"}]}]}`
]

const coinbaseBook = (type: "snapshot" | "update"): Render => () => {
  const [middle, at] = [walk(), "2026-09-21T14:13:20.190000Z"]
  const updates = Array.from({ length: 10 }, (_, index) => {
    const level = price(middle + (index < 5 ? -1 : 1) * index * 3)
    const side = index < 5 ? "bid" : "offer"
    return `{"side":"${side}","event_time":"${at}","price_level":"${level}","new_quantity":"${size()}"}`
  })
  return [
    `{"channel":"l2_data","client_id":"","timestamp":"`,
    numberedTime,
    `,"events":[{"type":"${type}","product_id":"`,
    symbol,
    `","updates":[${updates.join()}]}]}`
  ]
}

const upbitTrade: Render = () => {
  const at = price(walk())
  return [
    `{"type":"trade","code":"`,
    symbol,
    `","timestamp":`,
    millis,
    `,"trade_date":"2026-09-21","trade_time":"14:13:20","trade_timestamp":`,
    millis,
    `,"trade_price":${at},"trade_volume":${size()},"ask_bid":"${pick("ASK", "BID")}",`,
    `"prev_closing_price":65800.00000000,"change":"RISE","change_price":1450.50000000,"sequential_id":1790000`,
    id,
    `,"best_ask_price":${at},"best_ask_size":${size()},"best_bid_price":${at},"best_bid_size":${size()},`,
    `"stream_type":"REALTIME"}`
  ]
}

const upbitBook: Render = () => {
  const middle = walk()
  const units = Array.from(
    { length: 12 },
    (_, at) =>
      `{"ask_price":${price(middle + at * 3)},"bid_price":${
        price(middle - at * 3 - 1)
      },"ask_size":${size()},"bid_size":${size()}}`
  )
  return [
    `{"type":"orderbook","code":"`,
    symbol,
    `","timestamp":`,
    millis,
    `,"total_ask_size":${size()},"total_bid_size":${size()},"orderbook_units":[${units.join()}],`,
    `"stream_type":"REALTIME","level":0}`
  ]
}

/** What Coinbase sends each second on every connection. */
const coinbaseHeartbeat: Render = () => [
  `{"channel":"heartbeats","timestamp":"`,
  numberedTime,
  `,"events":[{"current_time":"2026-09-21 14:13:21.16294062 +0000 UTC m=+75497.317767664","heartbeat_counter":75497}]}`
]

/** More bytes than a compressor looks back, so that no frame finds itself again. */
const ringFrames: Readonly<Record<DataType, number>> = { trade: 20_000, orderbook: 6000 }

/** Renders what a venue sends; `bookLevels` a side in the books of Binance. */
export const renderStream = (venue: Venue, dataType: DataType, bookLevels = 20): Stream => {
  const ring = (render: Render) => renderRing(venue, ringFrames[dataType], render)
  const one = (render: Render) => renderRing(venue, 1, render)
  if (dataType === "trade") {
    const trades = {
      binance: binanceTrade,
      bybit: bybitTrade,
      okx: okxTrade,
      coinbase: coinbaseTrade,
      upbit: upbitTrade
    }
    return { ring: ring(trades[venue]), first: null }
  }
  switch (venue) {
    case "binance":
      return { ring: ring(binanceBook(bookLevels)), first: null }
    case "bybit":
      return { ring: ring(bybitBook("delta")), first: one(bybitBook("snapshot")) }
    case "okx":
      return { ring: ring(okxBook("update")), first: one(okxBook("snapshot")) }
    case "coinbase":
      return { ring: ring(coinbaseBook("update")), first: one(coinbaseBook("snapshot")) }
    case "upbit":
      return { ring: ring(upbitBook), first: null }
  }
}

export const heartbeat = (): Ring => renderRing("coinbase", 1, coinbaseHeartbeat)
