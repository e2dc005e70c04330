import { Ban, retryAfter } from "../Ban.ts"
import { fixed8 } from "../decimals.ts"
import type { Listings } from "../Listings.ts"
import { type Fill, sizeDecimals } from "../Market.ts"
import { RequestWindow } from "../RequestWindow.ts"
import { isId, json, type RequestLimit, type RestRequest, type RestVenue, whole } from "../RestVenue.ts"
import type { Timings } from "../SimulatorOptions.ts"

const weightPerMinute = 6_000
const weight = 25
const mostTrades = 1_000
const usualTrades = 500
/** Requests after a 429 that are borne before the address is banned. */
const patience = 10

const tooMany = (status: number) =>
  JSON.stringify({
    code: -1003,
    msg: status === 418
      ? "Way too much request weight used; IP banned. Please use WebSocket Streams for live updates to avoid bans."
      : "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."
  })

const illegal = (name: string, legal: string) =>
  json(400, {
    code: -1100,
    msg: `Illegal characters found in parameter '${name}'; legal range is '${legal}'.`
  })

/** 429 when the weight is used up; who goes on is banned with 418. Both say for how long. */
const requestLimit = (banMillis: number): RequestLimit => {
  const window = new RequestWindow(weightPerMinute / weight, 60_000)
  const ban = new Ban(patience, banMillis)
  return {
    headers: (now) => ({
      "X-MBX-USED-WEIGHT": String(window.used(now) * weight),
      "X-MBX-USED-WEIGHT-1M": String(window.used(now) * weight)
    }),
    refuse: (now) => {
      if (ban.leftMillis(now) === 0) {
        const allowed = window.take(now)
        ban.told(!allowed, now)
        if (allowed) return null
      }
      const banned = ban.leftMillis(now)
      return banned > 0
        ? { status: 418, headers: retryAfter(banned), body: tooMany(418) }
        : { status: 429, headers: retryAfter(window.waitMillis(now)), body: tooMany(429) }
    }
  }
}

/** Price times quantity, cut to eight digits. */
const quoteQuantity = ({ price, size }: Fill, priceDecimals: number): string =>
  fixed8(Number((BigInt(price) * BigInt(size)) / 10n ** BigInt(priceDecimals)), sizeDecimals)

const trade = (fill: Fill, priceDecimals: number, inMicros: boolean): string =>
  `{"id":${fill.number},"price":"${fixed8(fill.price, priceDecimals)}","qty":"${
    fixed8(fill.size, sizeDecimals)
  }","quoteQty":"${quoteQuantity(fill, priceDecimals)}","time":${fill.atMillis}${
    inMicros ? String(fill.micros).padStart(3, "0") : ""
  },"isBuyerMaker":${fill.side === "sell"},"isBestMatch":true}`

/** `GET /api/v3/historicalTrades`: oldest first, from an id on, that one included. */
const read = ({ headers, path, query }: RestRequest): ReturnType<RestVenue["read"]> => {
  if (path !== "/api/v3/historicalTrades") return null
  const symbol = query.get("symbol") ?? ""
  if (symbol === "") {
    return json(400, { code: -1102, msg: "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed." })
  }
  if (/[a-z ]/.test(symbol)) return illegal("symbol", "^[\\w\\-._&&[^a-z]]{1,50}$")
  const fromId = query.get("fromId")
  if (fromId !== null && !isId(fromId)) return illegal("fromId", "^[0-9]{1,20}$")
  const asked = whole(query.get("limit"), usualTrades)
  if (asked === null || asked === 0) {
    return json(400, { code: -1130, msg: "Data sent for parameter 'limit' is not valid." })
  }
  const limit = Math.min(asked, mostTrades)
  const inMicros = headers["x-mbx-time-unit"] === "MICROSECOND"
  return {
    symbol,
    limit,
    select: (tape) => {
      if (fromId === null) return tape.newest(limit)
      const place = tape.placeOf(fromId, (fill) => String(fill.number))
      return tape.slice(place, place + limit)
    },
    page: (_symbol, market, fills) => ({
      status: 200,
      body: `[${fills.map((fill) => trade(fill, market.priceDecimals, inMicros)).join(",")}]`
    })
  }
}

export const make = (listings: Listings, timings: Timings): RestVenue => ({
  venue: "binance",
  limit: requestLimit(timings.binanceBan),
  read,
  listing: (symbol, now) => listings.get(symbol.toLowerCase(), now),
  unknownSymbol: () => json(400, { code: -1121, msg: "Invalid symbol." }),
  trouble: (status) =>
    status === 418 || status === 429
      ? tooMany(status)
      : "{\"code\":-1000,\"msg\":\"An unknown error occurred while processing the request.\"}"
})
