import { Schema } from "effect"
import { Venue } from "../domain/Venue.ts"
import { defaults } from "./defaults.ts"
import { key, oneOf, secondsOfSilence, Share, Switch, table, text, whole } from "./keys.ts"

/** Which data types a market's symbols are recorded for. */
export const FeedName = oneOf(["orderbook", "trades"])

const feedNames = "a list of \"orderbook\" and \"trades\", each at most once and not empty"

const { market } = defaults

/** Connections that a feed may have at the same time, and so URLs for them. */
export const mostPaths = 4
const severalUrls = `a list of 1 to ${mostPaths} ws:// or wss:// URLs`
const webSocketUrl = text("a ws:// or wss:// URL", /^[^\s\p{Cs}]+$/u)

const marketTable =
  "A venue and some of its symbols. A venue may have several, as long as no symbol is recorded twice for the same data type."

/** Some symbols of one venue. */
export const MarketTable = table("[[markets]]", marketTable, {
  exchange: oneOf(Venue.literals).annotate({
    description: "The venue: binance, coinbase, upbit, okx or bybit."
  }),
  symbols: Schema.Array(text("a symbol in quotes", /^\P{Cs}+$/u)).check(
    Schema.isMinLength(1, { expected: "at least one symbol" })
  ).annotate({
    description:
      "Symbols in the venue's own notation: binance btcusdt, coinbase BTC-USD, upbit KRW-BTC, okx BTC-USDT, bybit BTCUSDT."
  }),
  feeds: key(
    Schema.Array(FeedName).check(
      Schema.isMinLength(1, { expected: feedNames }),
      Schema.isUnique({ expected: feedNames })
    ),
    "What to record of each symbol.",
    market.feeds
  ),
  base_url: key(webSocketUrl, "Another URL of the same venue. No default: the venue's own."),
  base_urls: key(
    Schema.Array(webSocketUrl).check(
      Schema.isMinLength(1, { expected: severalUrls }),
      Schema.isMaxLength(mostPaths, { expected: severalUrls })
    ),
    "In place of base_url, for several paths: the first path connects to the first URL, the second to the second, and so on in turn. No default."
  ),
  paths: key(
    whole("connections", 1, mostPaths),
    "Connections of each feed to the venue at the same time: what one of them misses comes over another. Order books of Coinbase have one, for nothing in their messages tells which of two are the same.",
    market.paths
  ),
  repair: key(
    Switch,
    "Whether trades that were missed are asked for afterwards over the venue's REST interface.",
    market.repair
  ),
  rest_url: key(
    text("an http:// or https:// URL", /^[^\s\p{Cs}]+$/u),
    "URL to ask for missed trades at, without the path of the request. No default: the venue's own, or the host of base_url where that is none of the venue's."
  ),
  completeness_objective: key(
    Share,
    "Share of each feed that is to be recorded within a day: of those whose venue numbers show what is missing, an alert tells when less is. 0 for no alert.",
    market.completeness_objective
  ),
  data_timeout_secs: key(
    secondsOfSilence,
    "In place of websocket.message_timeout_secs, for quiet symbols. No default."
  )
})
