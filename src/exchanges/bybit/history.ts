import type { TradeEvent } from "../../domain/Event.ts"
import type { MakeTradeHistory } from "../TradeHistory.ts"
import { excerpt } from "../wire/excerpt.ts"
import { tradeHistory } from "../wire/historyEndpoint.ts"
import { decimalText, isObject, millisToMicros } from "../wire/json.ts"
import { requestUrl, restRoot } from "../wire/restRoot.ts"
import { lagging } from "../wire/tradePages.ts"

/** `stream.bybit.kz` has `api.bybit.kz` beside it, `stream-testnet.bybit.com` `api-testnet.bybit.com`. */
const hostOf = (hostname: string): string | undefined =>
  /^stream[.-]/.test(hostname) ? hostname.replace("stream", "api") : undefined

/** A trade of `recent-trade`, which names everything differently from the WebSocket. */
const readTrade = (
  value: unknown,
  data: Buffer,
  symbol: string,
  timestampCollector: number
): TradeEvent | string => {
  if (!isObject(value)) return "trade that is not an object"
  const tradeId = value.execId
  if (typeof tradeId !== "string" || tradeId === "") return "trade without a valid execId"
  if (value.symbol !== symbol) return `trade of ${excerpt(value.symbol)} among those of ${symbol}`
  const price = decimalText(value.price)
  if (price === null) return `trade ${excerpt(tradeId)} without a valid price`
  const size = decimalText(value.size)
  if (size === null) return `trade ${excerpt(tradeId)} without a valid size`
  if (value.side !== "Buy" && value.side !== "Sell") return `trade ${excerpt(tradeId)} without a valid side`
  const timestampExchange = millisToMicros(value.time)
  if (timestampExchange === null) return `trade ${excerpt(tradeId)} without a valid time`
  return {
    dataType: "trade",
    symbol,
    sequenceId: tradeId,
    timestampCollector,
    timestampExchange,
    data,
    position: null,
    tradeId,
    price,
    size,
    side: value.side === "Buy" ? "buy" : "sell"
  }
}

/** `GET /v5/market/recent-trade`: the newest 60 trades and no more, newest first. */
export const bybitHistory = (baseUrl: string | null): MakeTradeHistory => (restUrl) => {
  const root = restRoot(restUrl, baseUrl, "api.bybit.com", hostOf)
  return tradeHistory({
    // An address has 600 requests in 5 seconds, and is shut out for 10 minutes when it makes more. Whoever is asked late is asked in vain:
    // a busy market has forgotten what was missed within seconds.
    limit: { count: 75, perMillis: 5000 },
    horizonMillis: null,
    first: ({ symbol }) => requestUrl(root, "/v5/market/recent-trade", { category: "spot", symbol, limit: "60" }),
    tradesPath: ["result", "list"],
    readTrade,
    complaint: ({ retCode, retMsg }) =>
      retCode === undefined || retCode === 0 ? null : {
        words: `${excerpt(retMsg)} (code ${excerpt(retCode)})`,
        pauseMillis: retCode === 10_006 ? 5000 : null
      },
    pauseMillis: ({ body, status }) => {
      // The same status stands for a country that is not served, where no waiting helps.
      if (status === 403) return body.includes("from your country") ? null : 600_000
      return status === 418 ? 300_000 : status === 429 ? 60_000 : null
    },
    turn: ({ after, before }, _url, ids) => {
      const [oldest, newest] = [ids[0], ids.at(-1)]
      if (oldest === undefined || newest === undefined || newest < before) return lagging
      return { next: null, complete: oldest <= after }
    }
  })
}
