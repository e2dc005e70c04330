import type { Venue } from "../domain/Venue.ts"
import * as binanceRest from "./binance/rest.ts"
import * as binance from "./binance/session.ts"
import * as bybit from "./bybit/session.ts"
import * as bybitMessages from "./bybit/messages.ts"
import * as bybitRest from "./bybit/rest.ts"
import * as coinbaseExchange from "./coinbase/exchangeSession.ts"
import * as coinbaseRest from "./coinbase/rest.ts"
import * as coinbase from "./coinbase/session.ts"
import { type Listing, Listings } from "./Listings.ts"
import * as okx from "./okx/session.ts"
import * as okxMessages from "./okx/messages.ts"
import * as okxRest from "./okx/rest.ts"
import type { RestVenue } from "./RestVenue.ts"
import type { SimulatorOptions } from "./SimulatorOptions.ts"
import type { IdOf } from "./Tape.ts"
import { sequentialId } from "./upbit/messages.ts"
import * as upbitRest from "./upbit/rest.ts"
import * as upbit from "./upbit/session.ts"
import type { Link, VenueSession } from "./VenueSession.ts"

/** Where a client connects: a venue, or Coinbase's older feed. */
export type Endpoint = Venue | "coinbase-exchange"

/** The path to put into a recorder's `base_url`. */
export const basePaths: Readonly<Record<Endpoint, string>> = {
  binance: "/stream",
  coinbase: "",
  "coinbase-exchange": "/ws-feed",
  upbit: "/websocket/v1",
  okx: "/ws/v5/public",
  bybit: "/v5/public/spot"
}

/** The venue that a request is for, and how its protocol begins on the connection. */
export interface Routed {
  readonly venue: Venue
  readonly open: (link: Link) => VenueSession
}

/** Null where no venue has this path. */
export type Route = (url: URL) => Routed | null

/** The markets of all venues, and the protocols in front of them. */
export interface Venues {
  readonly listings: Readonly<Record<Venue, Listings>>
  readonly route: Route
  readonly rest: ReadonlyArray<RestVenue>
  /** The listing that a subscription to this symbol is answered from; null where there is none. */
  readonly listing: (venue: Venue, symbol: string, nowMillis: number) => Listing | null
}

/** How each venue writes the id of a trade. */
export const tradeIds: Readonly<Record<Venue, IdOf>> = {
  binance: (fill) => String(fill.number),
  coinbase: (fill) => String(fill.number),
  upbit: sequentialId,
  okx: (fill) => String(fill.number),
  bybit: bybitMessages.tradeId
}

/** Levels per side of the books of each venue, a few more than it shows where it shows few. */
const depthOf = (options: SimulatorOptions): Readonly<Record<Venue, number>> => ({
  binance: 25,
  coinbase: options.coinbaseLevels,
  upbit: 30,
  okx: okxMessages.bookLevels,
  bybit: bybitMessages.bookLevels
})

export const make = (options: SimulatorOptions, now: () => number): Venues => {
  const { timings } = options
  const listingsOf = (venue: Venue, symbols: ReadonlyArray<string>) =>
    new Listings({
      seed: options.seed,
      venue,
      symbols,
      rate: options.rate,
      depth: depthOf(options)[venue],
      tapeLength: options.tapeLength,
      restartProbability: venue === "okx" || venue === "bybit" ? options.restartProbability : 0
    })
  const { symbols } = options
  const listings: Readonly<Record<Venue, Listings>> = {
    binance: listingsOf("binance", symbols.binance),
    coinbase: listingsOf("coinbase", symbols.coinbase.map(coinbase.deliveredAs)),
    upbit: listingsOf("upbit", symbols.upbit),
    okx: listingsOf("okx", symbols.okx),
    bybit: listingsOf("bybit", symbols.bybit)
  }
  const upbitSession = upbit.sessions(listings.upbit, timings)

  const find: Route = (url) => {
    switch (url.pathname) {
      case "/":
        return { venue: "coinbase", open: (link) => coinbase.session(link, listings.coinbase, timings) }
      case basePaths["coinbase-exchange"]:
        return { venue: "coinbase", open: (link) => coinbaseExchange.session(link, listings.coinbase, timings) }
      case basePaths.upbit:
        return { venue: "upbit", open: upbitSession }
      case basePaths.okx:
        return { venue: "okx", open: (link) => okx.session(link, listings.okx, timings) }
      case basePaths.bybit:
        return { venue: "bybit", open: (link) => bybit.session(link, listings.bybit, timings) }
    }
    const opening = binance.opening(url)
    return opening === null
      ? null
      : { venue: "binance", open: (link) => binance.session(link, listings.binance, timings, opening) }
  }

  const rest = [
    binanceRest.make(listings.binance, timings),
    coinbaseRest.make(listings.coinbase),
    upbitRest.make(listings.upbit, timings),
    okxRest.make(listings.okx),
    bybitRest.make(listings.bybit, timings, now)
  ]

  return {
    listings,
    rest: rest.filter(({ venue }) => options.venues.includes(venue)),
    listing: (venue, symbol, nowMillis) =>
      listings[venue].get(venue === "coinbase" ? coinbase.deliveredAs(symbol) : symbol, nowMillis),
    route: (url) => {
      const found = find(url)
      return found !== null && options.venues.includes(found.venue) ? found : null
    }
  }
}
