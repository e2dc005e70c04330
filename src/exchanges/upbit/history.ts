import type { TradeEvent } from "../../domain/Event.ts"
import type { MakeTradeHistory } from "../TradeHistory.ts"
import { excerpt } from "../wire/excerpt.ts"
import { finiteNumber } from "../wire/finiteNumber.ts"
import { tradeHistory } from "../wire/historyEndpoint.ts"
import { integerText } from "../wire/integerText.ts"
import { isObject, millisToMicros } from "../wire/json.ts"
import { requestUrl, restRoot } from "../wire/restRoot.ts"
import { idOf } from "../wire/numericId.ts"
import { cursorOf, lagging, type Turning, withParameter } from "../wire/tradePages.ts"
import { takerSides } from "./takerSides.ts"

const idPath = ["sequential_id"]

const readTrade = (
  value: unknown,
  data: Buffer,
  symbol: string,
  timestampCollector: number
): TradeEvent | string => {
  if (!isObject(value)) return "trade that is not an object"
  // Its 17 digits exceed 2^53: as a number, neighbouring trades would get the same id.
  const id = integerText(value.sequential_id, data, idPath)
  if (id === null) return "trade without a valid sequential_id"
  if (value.market !== symbol) return `trade of ${excerpt(value.market)} among those of ${symbol}`
  const side = takerSides.get(value.ask_bid)
  if (side === undefined) return `trade ${id} without a valid ask_bid`
  const price = finiteNumber(value.trade_price)
  if (price === null) return `trade ${id} without a valid trade_price`
  const size = finiteNumber(value.trade_volume)
  if (size === null) return `trade ${id} without a valid trade_volume`
  const timestampExchange = millisToMicros(value.timestamp)
  if (timestampExchange === null) return `trade ${id} without a valid timestamp`
  return {
    dataType: "trade",
    symbol,
    sequenceId: id,
    timestampCollector,
    timestampExchange,
    data,
    position: null,
    tradeId: id,
    price,
    size,
    side
  }
}

const mostDaysAgo = 7

/** The day, UTC, that a request asks for: 0 for the present one. */
const daysAgoOf = (url: string): number => {
  const text = URL.parse(url)?.searchParams.get("days_ago") ?? "0"
  return /^\d$/.test(text) ? Number(text) : mostDaysAgo
}

// A request sees one day alone. When a day has nothing older, the search goes on in the one before it: counted from
// the answer on, so that a midnight meanwhile does no harm, and without a look at dates, for which no clock is needed.
const turn: Turning = ({ after, before }, url, ids) => {
  const [oldest, newest] = [ids[0], ids.at(-1)]
  const cursor = cursorOf(url, "cursor") ?? before + 1n
  if (cursor > before && newest !== undefined && newest < before) return lagging
  if (oldest !== undefined && oldest <= after) return { next: null, complete: true }
  if (oldest !== undefined && oldest < cursor) {
    return { next: withParameter(url, "cursor", String(oldest)), complete: false }
  }
  const daysAgo = daysAgoOf(url)
  return {
    next: daysAgo < mostDaysAgo ? withParameter(url, "days_ago", String(daysAgo + 1)) : null,
    complete: false
  }
}

/**
 * `GET /v1/trades/ticks`: up to 500 trades older than an id, newest first, of one of the last eight days. The regional
 * Upbits, which are venues of their own, have REST and WebSocket on one host.
 */
export const upbitHistory = (baseUrl: string | null): MakeTradeHistory => (restUrl) => {
  const root = restRoot(restUrl, baseUrl, "api.upbit.com", () => undefined)
  return tradeHistory({
    // An address has 10 requests a second.
    limit: { count: 3, perMillis: 1000 },
    horizonMillis: mostDaysAgo * 86_400_000,
    // With the trade after the gap, which shows that the list reaches up to it.
    first: ({ beforeId, symbol }) =>
      requestUrl(root, "/v1/trades/ticks", {
        market: symbol,
        count: "500",
        cursor: String((idOf(beforeId) ?? 0n) + 1n)
      }),
    tradesPath: [],
    readTrade,
    complaint: ({ error }) =>
      isObject(error)
        ? { words: `${excerpt(error.message)} (${excerpt(error.name)})`, pauseMillis: null }
        : null,
    pauseMillis: ({ status }) => status === 418 ? 300_000 : status === 429 ? 1000 : null,
    turn
  })
}
