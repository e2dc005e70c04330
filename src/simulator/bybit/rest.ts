import { Ban } from "../Ban.ts"
import { trimmed } from "../decimals.ts"
import type { Listings } from "../Listings.ts"
import { type Fill, sizeDecimals } from "../Market.ts"
import { RequestWindow } from "../RequestWindow.ts"
import { type RequestLimit, type RestAnswer, type RestRequest, type RestVenue, whole } from "../RestVenue.ts"
import type { Timings } from "../SimulatorOptions.ts"
import { tradeId } from "./messages.ts"

const mostTrades = 60
const tooFrequent: RestAnswer = { status: 403, body: "access too frequent" }

/** 600 requests in five seconds; one more, and the address is banned at once. */
const requestLimit = (banMillis: number): RequestLimit => {
  const window = new RequestWindow(600, 5_000)
  const ban = new Ban(0, banMillis)
  return {
    headers: () => ({}),
    refuse: (now) => {
      if (ban.leftMillis(now) > 0) return tooFrequent
      const allowed = window.take(now)
      ban.told(!allowed, now)
      return allowed ? null : tooFrequent
    }
  }
}

/** Errors come with HTTP 200. */
const failure = (retCode: number, retMsg: string, nowMillis: number): string =>
  JSON.stringify({ retCode, retMsg, result: {}, retExtInfo: {}, time: nowMillis })

const trade = (symbol: string, fill: Fill, priceDecimals: number): string =>
  `{"execId":"${tradeId(fill)}","symbol":"${symbol}","price":"${trimmed(fill.price, priceDecimals)}","size":"${
    trimmed(fill.size, sizeDecimals)
  }","side":"${fill.side === "buy" ? "Buy" : "Sell"}","time":"${fill.atMillis}","isBlockTrade":false,"isRPITrade":${
    fill.sparseNumber % 16 === 0
  },"seq":"${fill.cursor}"}`

/** `GET /v5/market/recent-trade`: the newest, newest first, and no way to ask for older ones. */
const read = (now: () => number) => ({ path, query }: RestRequest): ReturnType<RestVenue["read"]> => {
  if (path !== "/v5/market/recent-trade") return null
  const symbol = query.get("symbol") ?? ""
  const asked = whole(query.get("limit"), mostTrades)
  if (query.get("category") !== "spot") return { status: 200, body: failure(10001, "Illegal category", now()) }
  if (symbol === "") return { status: 200, body: failure(10001, "params error: symbol is required", now()) }
  if (asked === null || asked === 0) return { status: 200, body: failure(10001, "params error: Limit invalid", now()) }
  const limit = Math.min(asked, mostTrades)
  return {
    symbol,
    limit,
    select: (tape) => tape.newest(limit).toReversed(),
    page: (name, market, fills, nowMillis) => ({
      status: 200,
      body: `{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[${
        fills.map((fill) => trade(name, fill, market.priceDecimals)).join(",")
      }]},"retExtInfo":{},"time":${nowMillis}}`
    })
  }
}

export const make = (listings: Listings, timings: Timings, now: () => number): RestVenue => ({
  venue: "bybit",
  limit: requestLimit(timings.bybitBan),
  read: read(now),
  listing: (symbol, nowMillis) => listings.get(symbol, nowMillis),
  unknownSymbol: (nowMillis) => ({ status: 200, body: failure(10001, "Not supported symbols", nowMillis) }),
  trouble: (status) => (status === 403 ? tooFrequent.body : failure(10016, "Server error.", now()))
})
