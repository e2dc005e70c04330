import { trimmed } from "../decimals.ts"
import type { Level } from "../Book.ts"
import type { Row } from "../Ledger.ts"
import { type BookChange, type Fill, type Market, sizeDecimals } from "../Market.ts"
import { rfc3339Micros } from "../timeText.ts"
import { tradeFields } from "./messages.ts"

const pairs = (side: ReadonlyArray<Level>, priceDecimals: number): string =>
  side.map(({ price, size }) => `["${trimmed(price, priceDecimals)}","${trimmed(size, sizeDecimals)}"]`).join(",")

const changes = (name: "buy" | "sell", side: ReadonlyArray<Level>, priceDecimals: number): ReadonlyArray<string> =>
  side.map(({ price, size }) => `["${name}","${trimmed(price, priceDecimals)}","${trimmed(size, sizeDecimals)}"]`)

/** The row of a complete book, which carries no time. */
export const snapshot = (symbol: string, productId: string, market: Market): Row => ({
  symbol,
  dataType: "orderbook",
  sequenceId: null,
  data: `{"type":"snapshot","product_id":"${productId}","asks":[${pairs(market.asks, market.priceDecimals)}],"bids":[${
    pairs(market.bids, market.priceDecimals)
  }]}`,
  timestampExchange: null,
  trade: null,
  isSnapshot: true,
  history: false
})

/** The row of a change of the book, which carries no number. */
export const update = (symbol: string, productId: string, market: Market, change: BookChange): Row => {
  const micros = change.atMillis * 1_000 + (change.cursor % 1_000)
  return {
    symbol,
    dataType: "orderbook",
    sequenceId: null,
    data: `{"type":"l2update","product_id":"${productId}","changes":[${
      [...changes("buy", change.bids, market.priceDecimals), ...changes("sell", change.asks, market.priceDecimals)]
        .join(",")
    }],"time":"${rfc3339Micros(micros)}"}`,
    timestampExchange: micros,
    trade: null,
    isSnapshot: false,
    history: false
  }
}

/** The row of a trade; `last_match` is the trade before the subscription. `side` is the maker's. */
export const match = (
  symbol: string,
  productId: string,
  market: Market,
  fill: Fill,
  type: "match" | "last_match"
): Row => {
  const micros = fill.atMillis * 1_000 + fill.micros
  return {
    symbol,
    dataType: "trade",
    sequenceId: String(fill.number),
    data: `{"type":"${type}","trade_id":${fill.number},"maker_order_id":"${orderId(fill.number)}","taker_order_id":"${
      orderId(fill.sparseNumber)
    }","side":"${fill.side === "buy" ? "sell" : "buy"}","size":"${trimmed(fill.size, sizeDecimals)}","price":"${
      trimmed(fill.price, market.priceDecimals)
    }","product_id":"${productId}","sequence":${fill.cursor},"time":"${rfc3339Micros(micros)}"}`,
    timestampExchange: micros,
    trade: tradeFields(fill, market.priceDecimals),
    isSnapshot: null,
    history: type === "last_match"
  }
}

const orderId = (number: number): string => {
  const digits = number.toString(16).padStart(12, "0")
  return `${digits.slice(-8)}-4c1d-4e02-9b7a-${digits.padStart(12, "0")}`
}

export const subscriptions = (channels: ReadonlyMap<string, ReadonlySet<string>>): string =>
  JSON.stringify({
    type: "subscriptions",
    channels: [...channels].map(([name, products]) => ({ name, product_ids: [...products], account_ids: null }))
  })

export const heartbeat = (productId: string, market: Market, micros: number): string =>
  `{"type":"heartbeat","last_trade_id":${
    market.history.at(-1)?.number ?? 0
  },"product_id":"${productId}","sequence":${market.latest.cursor},"time":"${rfc3339Micros(micros)}"}`

export const failedToSubscribe = (reason: string): string =>
  JSON.stringify({ type: "error", message: "Failed to subscribe", reason })

export const needsAuthentication = "level2, level3, and full channels now require authentication."
