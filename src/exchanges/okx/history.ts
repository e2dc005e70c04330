import type { MakeTradeHistory } from "../TradeHistory.ts"
import { excerpt } from "../wire/excerpt.ts"
import { tradeHistory } from "../wire/historyEndpoint.ts"
import { requestUrl, restRoot } from "../wire/restRoot.ts"
import { olderPages } from "../wire/tradePages.ts"
import { readTrade } from "./trade.ts"

const hosts: ReadonlyMap<string, string> = new Map([
  ["ws.okx.com", "www.okx.com"],
  ["wseea.okx.com", "eea.okx.com"],
  ["wsus.okx.com", "us.okx.com"]
])

// OKX documentation, error codes: 50011 asked too often, 50013 too busy.
const pauses: ReadonlyMap<unknown, number> = new Map([["50011", 2000], ["50013", 5000]])

/**
 * `GET /api/v5/market/history-trades`: up to 100 trades older than an id, newest first, of the last three months. Each
 * is a single fill, where the WebSocket merges the fills of a taker; ids are the same.
 */
export const okxHistory = (baseUrl: string | null): MakeTradeHistory => (restUrl) => {
  const root = restRoot(restUrl, baseUrl, "www.okx.com", (host) => hosts.get(host))
  return tradeHistory({
    // An address has 20 requests in 2 seconds.
    limit: { count: 5, perMillis: 2000 },
    horizonMillis: 90 * 86_400_000,
    first: ({ beforeId, symbol }) =>
      requestUrl(root, "/api/v5/market/history-trades", { instId: symbol, type: "1", after: beforeId, limit: "100" }),
    tradesPath: ["data"],
    readTrade,
    // Refusals may come with HTTP 200.
    complaint: ({ code, msg }) =>
      code === undefined || code === "0" ? null : {
        words: `${excerpt(msg)} (code ${excerpt(code)})`,
        pauseMillis: pauses.get(code) ?? null
      },
    pauseMillis: ({ status }) => status === 418 ? 300_000 : status === 429 ? 2000 : null,
    turn: olderPages("after")
  })
}
