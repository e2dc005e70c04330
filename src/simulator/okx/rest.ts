import { trimmed } from "../decimals.ts"
import type { Listings } from "../Listings.ts"
import { type Fill, sizeDecimals } from "../Market.ts"
import { RequestWindow } from "../RequestWindow.ts"
import {
  isId,
  json,
  newerThan,
  olderThan,
  type RequestLimit,
  type RestAnswer,
  type RestRequest,
  type RestVenue,
  whole
} from "../RestVenue.ts"

const mostTrades = 100
const idOf = (fill: Fill) => String(fill.number)

const failure = (status: number, code: string, msg: string): RestAnswer => json(status, { code, msg, data: [] })
const tooMany = failure(429, "50011", "Too Many Requests")

/** Twenty requests in two seconds. */
const requestLimit = (): RequestLimit => {
  const window = new RequestWindow(20, 2_000)
  return { headers: () => ({}), refuse: (now) => window.take(now) ? null : tooMany }
}

/** A single fill; the `trades` channel tells of several as one. */
const trade = (symbol: string, fill: Fill, priceDecimals: number): string =>
  `{"instId":"${symbol}","side":"${fill.side}","sz":"${trimmed(fill.size, sizeDecimals)}","source":"0","px":"${
    trimmed(fill.price, priceDecimals)
  }","tradeId":"${fill.number}","ts":"${fill.atMillis}"}`

/** `GET /api/v5/market/history-trades`: newest first. */
const read = ({ headers, path, query }: RestRequest): ReturnType<RestVenue["read"]> => {
  if (path !== "/api/v5/market/history-trades") return null
  if (headers["user-agent"] === undefined) return { status: 403, body: "Forbidden" }
  const symbol = query.get("instId") ?? ""
  const type = query.get("type") ?? "1"
  const after = query.get("after")
  const before = query.get("before")
  const limit = whole(query.get("limit"), mostTrades)
  if (symbol === "") return failure(400, "50014", "Parameter instId cannot be empty.")
  if (type !== "1" && type !== "2") return failure(400, "51000", "Parameter type error")
  if (limit === null || limit === 0 || limit > mostTrades) return failure(400, "51000", "Parameter limit error")
  if (after !== null && !isId(after)) return failure(400, "51000", "Parameter after error")
  if (before !== null && !isId(before)) return failure(400, "51000", "Parameter before error")
  return {
    symbol,
    limit,
    select: (tape) => {
      if (type === "2" && after !== null) {
        const end = tape.placeAt(Number(after))
        return tape.slice(end - limit, end).toReversed()
      }
      // Only ids can be asked for from below.
      return before === null || after !== null || type === "2"
        ? olderThan(tape, after, limit, idOf)
        : newerThan(tape, before, limit, idOf)
    },
    page: (name, market, fills) => ({
      status: 200,
      body: `{"code":"0","msg":"","data":[${fills.map((fill) => trade(name, fill, market.priceDecimals)).join(",")}]}`
    })
  }
}

export const make = (listings: Listings): RestVenue => ({
  venue: "okx",
  limit: requestLimit(),
  read,
  listing: (symbol, now) => listings.get(symbol, now),
  unknownSymbol: () => failure(200, "51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist."),
  trouble: (status) =>
    (status === 429 ? tooMany : failure(status, "50001", "Service temporarily unavailable. Try again later")).body
})
