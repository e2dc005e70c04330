import { Ban } from "../Ban.ts"
import { pythonFloat } from "../decimals.ts"
import type { Listings } from "../Listings.ts"
import { type Fill, type Market, sizeDecimals } from "../Market.ts"
import { RequestWindow } from "../RequestWindow.ts"
import { isId, json, type RequestLimit, type RestRequest, type RestVenue, whole } from "../RestVenue.ts"
import type { Timings } from "../SimulatorOptions.ts"
import { secondText } from "../timeText.ts"
import { sequentialId } from "./messages.ts"

const mostTrades = 500
const dayMillis = 86_400_000
const requestsPerSecond = 10
/** Requests after a 429 that are borne before the address is banned. */
const patience = 10

/** The quotation API names its errors with a number. */
const failure = (status: number, message: string) => json(status, { error: { name: status, message } })

const bannedFor = (millis: number) =>
  failure(418, `Too many API requests. Blocked for ${Math.ceil(millis / 1_000)} seconds.`)

/** 429 when a second is used up; who goes on is banned with 418. */
const requestLimit = (banMillis: number): RequestLimit => {
  const window = new RequestWindow(requestsPerSecond, 1_000)
  const ban = new Ban(patience, banMillis)
  return {
    headers: (now) => ({ "Remaining-Req": `group=trade; min=${requestsPerSecond * 60}; sec=${window.left(now)}` }),
    refuse: (now) => {
      if (ban.leftMillis(now) === 0) {
        const allowed = window.take(now)
        ban.told(!allowed, now)
        if (allowed) return null
      }
      const banned = ban.leftMillis(now)
      return banned > 0 ? bannedFor(banned) : failure(429, "Too many API requests.")
    }
  }
}

/** The numbers are written as Python does, and `change_price` has a sign. */
const trade = (symbol: string, market: Market, fill: Fill): string => {
  const decimals = market.priceDecimals
  const second = secondText(Math.floor(fill.atMillis / 1_000))
  return `{"market":"${symbol}","trade_date_utc":"${second.slice(0, 10)}","trade_time_utc":"${
    second.slice(11)
  }","timestamp":${fill.atMillis},"trade_price":${pythonFloat(fill.price, decimals)},"trade_volume":${
    pythonFloat(fill.size, sizeDecimals)
  },"prev_closing_price":${pythonFloat(market.previousClose, decimals)},"change_price":${
    pythonFloat(fill.price - market.previousClose, decimals)
  },"ask_bid":"${fill.side === "sell" ? "ASK" : "BID"}","sequential_id":${sequentialId(fill)}}`
}

/** `HHmmss` or `HH:mm:ss` as milliseconds of the day; null for anything else. */
const timeOfDay = (text: string): number | null => {
  const [, hours, minutes, seconds] = /^(\d\d):?(\d\d):?(\d\d)$/.exec(text) ?? []
  const millis = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000
  return millis < dayMillis ? millis : null
}

/** `GET /v1/trades/ticks`: newest first, of one UTC day, which is that of the newest trade unless `days_ago` says so. */
const read = ({ path, query }: RestRequest): ReturnType<RestVenue["read"]> => {
  if (path !== "/v1/trades/ticks") return null
  const symbol = query.get("market") ?? ""
  const count = whole(query.get("count"), 1)
  const daysAgo = whole(query.get("days_ago") ?? query.get("daysAgo"), 0)
  const cursor = query.get("cursor")
  const to = query.get("to") ?? ""
  const until = to === "" ? dayMillis : timeOfDay(to)
  if (symbol === "") return failure(400, "Missing parameter: market")
  if (count === null || count === 0 || count > mostTrades) return failure(400, "Invalid parameter: count")
  if (daysAgo === null || daysAgo > 7) return failure(400, "Invalid parameter: days_ago")
  if (cursor !== null && !isId(cursor)) return failure(400, "Invalid parameter: cursor")
  if (until === null) return failure(400, "Invalid parameter: to")
  return {
    symbol,
    limit: count,
    select: (tape) => {
      const newest = tape.last?.atMillis ?? 0
      const day = newest - (newest % dayMillis) - daysAgo * dayMillis
      const end = Math.min(
        tape.placeAt(day + until),
        cursor === null ? tape.length : tape.placeOf(cursor, sequentialId)
      )
      return tape.slice(Math.max(tape.placeAt(day), end - count), end).toReversed()
    },
    page: (name, market, fills) => ({
      status: 200,
      body: `[${fills.map((fill) => trade(name, market, fill)).join(",")}]`
    })
  }
}

export const make = (listings: Listings, timings: Timings): RestVenue => ({
  venue: "upbit",
  limit: requestLimit(timings.upbitBan),
  read,
  listing: (symbol, now) => listings.get(symbol, now),
  unknownSymbol: () => failure(404, "Code not found"),
  trouble: (status) =>
    status === 418
      ? bannedFor(timings.upbitBan).body
      : failure(status, status === 429 ? "Too many API requests." : "Internal server error").body
})
