import { fixed8 } from "../decimals.ts"
import type { Listings } from "../Listings.ts"
import { type Fill, sizeDecimals } from "../Market.ts"
import { RequestWindow } from "../RequestWindow.ts"
import {
  isId,
  json,
  newerThan,
  olderThan,
  type RequestLimit,
  type RestRequest,
  type RestVenue,
  whole
} from "../RestVenue.ts"
import { rfc3339Micros } from "../timeText.ts"
import { deliveredAs } from "./session.ts"

const mostTrades = 1_000
const idOf = (fill: Fill) => String(fill.number)

/** Ten requests a second, up to fifteen in a burst. */
const requestLimit = (): RequestLimit => {
  const burst = new RequestWindow(15, 1_000)
  const steady = new RequestWindow(100, 10_000)
  return {
    headers: () => ({}),
    refuse: (now) =>
      burst.left(now) > 0 && steady.left(now) > 0 && burst.take(now) && steady.take(now)
        ? null
        : json(429, { message: "Public rate limit exceeded" })
  }
}

/** `side` is the maker's, in lower case. */
const trade = (fill: Fill, priceDecimals: number): string =>
  `{"trade_id":${fill.number},"side":"${fill.side === "buy" ? "sell" : "buy"}","size":"${
    fixed8(fill.size, sizeDecimals)
  }","price":"${fixed8(fill.price, priceDecimals)}","time":"${rfc3339Micros(fill.atMillis * 1_000 + fill.micros)}"}`

/** `GET /products/<id>/trades` of Coinbase Exchange: newest first, its cursors in the headers. */
const read = ({ headers, path, query }: RestRequest): ReturnType<RestVenue["read"]> => {
  const symbol = /^\/products\/([^/]+)\/trades$/.exec(path)?.[1]
  if (symbol === undefined) return null
  if (headers["user-agent"] === undefined) return json(400, { message: "User-Agent header is required." })
  const after = query.get("after")
  const before = query.get("before")
  const asked = whole(query.get("limit"), mostTrades)
  if (asked === null || asked === 0) return json(400, { message: "limit must be a positive integer" })
  for (const cursor of [after, before]) {
    if (cursor !== null && !isId(cursor)) return json(400, { message: `Invalid cursor ${cursor}` })
  }
  const limit = Math.min(asked, mostTrades)
  return {
    symbol,
    limit,
    select: (tape) =>
      before === null || after !== null ? olderThan(tape, after, limit, idOf) : newerThan(tape, before, limit, idOf),
    page: (_symbol, market, fills) => {
      const newest = fills[0]
      const oldest = fills.at(-1)
      return {
        status: 200,
        ...(newest === undefined || oldest === undefined
          ? {}
          : { headers: { "CB-BEFORE": String(newest.number), "CB-AFTER": String(oldest.number) } }),
        body: `[${fills.map((fill) => trade(fill, market.priceDecimals)).join(",")}]`
      }
    }
  }
}

export const make = (listings: Listings): RestVenue => ({
  venue: "coinbase",
  limit: requestLimit(),
  read,
  listing: (symbol, now) => listings.get(deliveredAs(symbol), now),
  unknownSymbol: () => json(404, { message: "NotFound" }),
  trouble: (status) =>
    JSON.stringify({ message: status === 429 ? "Public rate limit exceeded" : "Internal server error" })
})
