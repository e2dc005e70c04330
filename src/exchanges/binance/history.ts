import type { TradeEvent } from "../../domain/Event.ts"
import type { MakeTradeHistory } from "../TradeHistory.ts"
import { excerpt } from "../wire/excerpt.ts"
import { tradeHistory } from "../wire/historyEndpoint.ts"
import { integerText } from "../wire/integerText.ts"
import { decimalText, isObject, millisToMicros, safeInteger } from "../wire/json.ts"
import { idOf } from "../wire/numericId.ts"
import { requestUrl, restRoot } from "../wire/restRoot.ts"
import { newerPages } from "../wire/tradePages.ts"

// `data-api.binance.vision` does not list historicalTrades.
const hosts: ReadonlyMap<string, string> = new Map([
  ["stream.binance.com", "api.binance.com"],
  ["data-stream.binance.vision", "api.binance.com"],
  ["stream.binance.us", "api.binance.us"],
  ["stream.testnet.binance.vision", "testnet.binance.vision"],
  ["demo-stream.binance.com", "demo-api.binance.com"]
])

const idPath = ["id"]

/** A trade of `historicalTrades`, whose elements name no symbol. */
const readTrade = (
  value: unknown,
  data: Buffer,
  symbol: string,
  timestampCollector: number
): TradeEvent | string => {
  if (!isObject(value)) return "trade that is not an object"
  const tradeId = integerText(value.id, data, idPath)
  if (tradeId === null) return "trade without a valid id"
  const price = decimalText(value.price)
  if (price === null) return `trade ${tradeId} without a valid price`
  const size = decimalText(value.qty)
  if (size === null) return `trade ${tradeId} without a valid quantity qty`
  const timestampExchange = millisToMicros(value.time)
  if (timestampExchange === null) return `trade ${tradeId} without a valid time`
  if (typeof value.isBuyerMaker !== "boolean") return `trade ${tradeId} without a valid isBuyerMaker`
  const id = safeInteger(value.id)
  return {
    dataType: "trade",
    symbol,
    sequenceId: tradeId,
    timestampCollector,
    timestampExchange,
    data,
    position: id === null ? null : { first: id, last: id, previous: null },
    tradeId,
    price,
    size,
    side: value.isBuyerMaker ? "sell" : "buy"
  }
}

/** `GET /api/v3/historicalTrades`: up to 1,000 trades from an id on, oldest first, of any age, without a key. */
export const binanceHistory = (baseUrl: string | null): MakeTradeHistory => (restUrl) => {
  const root = restRoot(restUrl, baseUrl, "api.binance.com", (host) => hosts.get(host))
  return tradeHistory({
    // Each request weighs 25 of the 6,000 that an address has each minute.
    limit: { count: 10, perMillis: 10_000 },
    horizonMillis: null,
    first: ({ afterId, symbol }) =>
      requestUrl(root, "/api/v3/historicalTrades", {
        symbol: symbol.toUpperCase(),
        fromId: String((idOf(afterId) ?? -1n) + 1n),
        limit: "1000"
      }),
    tradesPath: [],
    readTrade,
    complaint: ({ code, msg }) =>
      typeof msg === "string" ? { words: `${msg} (code ${excerpt(code)})`, pauseMillis: null } : null,
    pauseMillis: ({ status }) => status === 418 ? 300_000 : status === 429 ? 60_000 : null,
    turn: newerPages("fromId")
  })
}
