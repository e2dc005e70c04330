import type { MakeTradeHistory } from "../TradeHistory.ts"
import { tradeHistory } from "../wire/historyEndpoint.ts"
import { isObject } from "../wire/json.ts"
import { requestUrl, restRoot } from "../wire/restRoot.ts"
import { olderPages } from "../wire/tradePages.ts"
import { readMatch } from "./exchangeMatch.ts"
import { deliveredAs } from "./products.ts"

const hosts: ReadonlyMap<string, string> = new Map([
  ["advanced-trade-ws.coinbase.com", "api.exchange.coinbase.com"],
  ["ws-feed.exchange.coinbase.com", "api.exchange.coinbase.com"],
  ["ws-direct.exchange.coinbase.com", "api.exchange.coinbase.com"],
  ["ws-feed-public.sandbox.exchange.coinbase.com", "api-public.sandbox.exchange.coinbase.com"]
])

/**
 * `GET /products/<id>/trades` of Coinbase Exchange, in place of Advanced Trade, which knows no cursor: up to 1,000 trades
 * older than an id, newest first. The ids are those of both dialects, and elements name no product.
 */
export const coinbaseHistory = (baseUrl: string | null): MakeTradeHistory => (restUrl) => {
  const root = restRoot(restUrl, baseUrl, "api.exchange.coinbase.com", (host) => hosts.get(host))
  return tradeHistory({
    // An address has 10 requests a second.
    limit: { count: 3, perMillis: 1000 },
    horizonMillis: null,
    first: ({ beforeId, symbol }) =>
      requestUrl(root, `/products/${encodeURIComponent(deliveredAs(symbol).toWellFormed())}/trades`, {
        after: beforeId,
        limit: "1000"
      }),
    tradesPath: [],
    readTrade: (value, data, symbol, timestampCollector) =>
      isObject(value) ? readMatch(value, data, symbol, timestampCollector) : "trade that is not an object",
    complaint: ({ message }) => typeof message === "string" ? { words: message, pauseMillis: null } : null,
    pauseMillis: ({ status }) => status === 418 ? 300_000 : status === 429 ? 1000 : null,
    turn: olderPages("after")
  })
}
