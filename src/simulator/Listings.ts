import type { DataType } from "../domain/Feed.ts"
import type { Venue } from "../domain/Venue.ts"
import { type BookChange, Market, type TakerOrder } from "./Market.ts"
import { hash } from "./SeededRandom.ts"

/** Who wants to know what happens on a market. */
export interface Follower {
  readonly traded: (listing: Listing, order: TakerOrder) => void
  readonly changed: (listing: Listing, change: BookChange) => void
}

/** A symbol that a venue offers, with its market and who follows it. */
export interface Listing {
  readonly symbol: string
  readonly market: Market
  readonly followers: Readonly<Record<DataType, Set<Follower>>>
  /** When the pace was last counted from, and how many steps were made since. */
  pacedFrom: number
  steps: number
}

/** How a venue's markets are made. */
export interface ListingsOptions {
  readonly seed: string
  readonly venue: Venue
  readonly symbols: ReadonlyArray<string>
  /** Steps per second of each market. */
  readonly rate: number
  readonly depth: number
  readonly restartProbability: number
  readonly tapeLength: number
}

/** Steps of the past that a new market is given, so that its first subscriber finds a history. */
const warmUpSteps = 60
/** A market that could not keep pace for longer than this skips what it missed. */
const catchUpMillis = 1_000

/** The markets of one venue. They come to life when they are first asked for, and then never stop. */
export class Listings {
  readonly #options: ListingsOptions
  readonly #symbols: ReadonlySet<string>
  readonly #listings = new Map<string, Listing>()

  constructor(options: ListingsOptions) {
    this.#options = options
    this.#symbols = new Set(options.symbols)
  }

  has(symbol: string): boolean {
    return this.#symbols.has(symbol)
  }

  /** The listing of a symbol in the venue's own notation, or null where the venue does not know it. */
  get(symbol: string, nowMillis: number): Listing | null {
    const known = this.#listings.get(symbol)
    if (known !== undefined) return known
    return this.#symbols.has(symbol) ? this.#list(symbol, nowMillis) : null
  }

  #list(symbol: string, nowMillis: number): Listing {
    const { depth, rate, restartProbability, seed, tapeLength, venue } = this.#options
    const market = new Market({
      seed,
      venue,
      symbol,
      depth,
      sweep: Math.max(4, Math.min(1_024, Math.floor(rate))),
      restartProbability,
      tapeLength
    })
    for (let i = warmUpSteps; i > 0; i--) market.step(nowMillis - Math.round((i * 1_000) / Math.max(rate, 0.1)))
    const listing: Listing = {
      symbol,
      market,
      followers: { trade: new Set(), orderbook: new Set() },
      // Markets that start together must not all step in the same tick.
      pacedFrom: nowMillis - Math.floor((hash(symbol) / 4_294_967_296) * (1_000 / Math.max(rate, 1))),
      steps: 0
    }
    this.#listings.set(symbol, listing)
    return listing
  }

  /** A listing of another symbol, made up where the venue has no other. */
  other(listing: Listing, nowMillis: number): Listing {
    const name = [...this.#symbols].find((symbol) => symbol !== listing.symbol) ?? `${listing.symbol}X`
    return this.#listings.get(name) ?? this.#list(name, nowMillis)
  }

  /** Lets every market make the steps that are due. */
  advance(nowMillis: number) {
    const rate = this.#options.rate
    if (rate <= 0) return
    for (const listing of this.#listings.values()) {
      const due = Math.floor(((nowMillis - listing.pacedFrom) * rate) / 1_000)
      if (nowMillis - listing.pacedFrom - (listing.steps * 1_000) / rate > catchUpMillis) {
        listing.pacedFrom = nowMillis
        listing.steps = 0
        continue
      }
      while (listing.steps < due) {
        listing.steps++
        stepOnce(listing, Math.min(nowMillis, listing.pacedFrom + Math.floor((listing.steps * 1_000) / rate)))
      }
    }
  }

  /** Lets one market make this many steps now; false where the symbol is unknown. */
  produce(symbol: string, steps: number, nowMillis: number): boolean {
    const listing = this.get(symbol, nowMillis)
    if (listing === null) return false
    for (let i = 0; i < steps; i++) stepOnce(listing, nowMillis)
    return true
  }

  /** Forgets the steps that became due while traffic was stopped. */
  resumePace(nowMillis: number) {
    for (const listing of this.#listings.values()) {
      listing.pacedFrom = nowMillis
      listing.steps = 0
    }
  }
}

/** Moves a market once and tells its followers. */
const stepOnce = (listing: Listing, atMillis: number) => {
  const { change, order } = listing.market.step(atMillis)
  for (const follower of listing.followers.orderbook) follower.changed(listing, change)
  if (order !== null) { for (const follower of listing.followers.trade) follower.traded(listing, order) }
}
