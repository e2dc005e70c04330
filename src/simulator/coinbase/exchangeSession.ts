import type { DataType } from "../../domain/Feed.ts"
import { type Fields, isFields, parse, texts } from "../json.ts"
import type { Listing, Listings } from "../Listings.ts"
import type { Timings } from "../SimulatorOptions.ts"
import { type Link, quiet, type VenueSession } from "../VenueSession.ts"
import * as messages from "./exchangeMessages.ts"
import { deliveredAs } from "./session.ts"

const keyless = new Set(["matches", "level2_batch", "ticker", "ticker_batch", "heartbeat", "status"])
const authenticated = new Set(["level2", "level3", "full"])
const dataTypes: Readonly<Record<string, DataType>> = { level2_batch: "orderbook", matches: "trade" }

/** The older feed of Coinbase Exchange: a request is refused as a whole, messages carry no connection sequence. */
export const session = (link: Link, listings: Listings, timings: Timings): VenueSession => {
  const openedAt = link.now()
  const channels = new Map<string, Set<string>>()
  /** Delivered product to the name that was asked for. */
  const names = new Map<string, string>()
  let heartbeatAt = openedAt + timings.coinbaseHeartbeatEvery

  const listingOf = (product: string): Listing | null => listings.get(deliveredAs(product), link.now())
  const nameOf = (listing: Listing): string => names.get(listing.symbol) ?? listing.symbol

  const begin = (channel: string, product: string) => {
    const listing = listingOf(product)
    const products = channels.get(channel) ?? new Set()
    channels.set(channel, products)
    if (listing === null) return
    products.add(listing.symbol)
    names.set(listing.symbol, product)
    const { market, symbol } = listing
    const dataType = dataTypes[channel]
    const last = market.history.at(-1)
    if (dataType === "trade" && last !== undefined) {
      const row = messages.match(product, symbol, market, last, "last_match")
      link.market(row.data, [row])
    }
    if (dataType === "orderbook") {
      const row = messages.snapshot(product, symbol, market)
      link.market(row.data, [row])
    }
    if (dataType !== undefined) link.follow(listing, dataType, product)
  }

  const subscribe = (wanted: ReadonlyArray<Wanted>) => {
    for (const { channel, product } of wanted) {
      if (authenticated.has(channel)) {
        return link.control(messages.failedToSubscribe(messages.needsAuthentication))
      }
      if (!keyless.has(channel)) {
        return link.control(messages.failedToSubscribe(`${channel} is not a valid channel`))
      }
      const dataType = dataTypes[channel]
      if (listingOf(product) === null || (dataType !== undefined && link.refuses({ symbol: product, dataType }))) {
        return link.control(messages.failedToSubscribe(`${product} is not a valid product`))
      }
    }
    for (const { channel, product } of wanted) begin(channel, product)
    link.control(messages.subscriptions(channels))
  }

  const unsubscribe = (wanted: ReadonlyArray<Wanted>) => {
    for (const { channel, product } of wanted) {
      const listing = listingOf(product)
      const dataType = dataTypes[channel]
      channels.get(channel)?.delete(deliveredAs(product))
      if (listing !== null && dataType !== undefined) link.unfollow(listing, dataType)
    }
    link.control(messages.subscriptions(channels))
  }

  return {
    ...quiet(link),
    message: (text) => {
      const value = parse(text)
      const fields = isFields(value) ? value : {}
      const wanted = wantedOf(fields)
      if (fields.type === "subscribe") return subscribe(wanted)
      if (fields.type === "unsubscribe") return unsubscribe(wanted)
      link.control(messages.failedToSubscribe("Malformed JSON"))
    },
    tick: (now) => {
      if (now - openedAt >= timings.coinbaseLifetime) return link.close(1001, "")
      if (channels.size === 0 && now - openedAt >= timings.coinbaseSubscribeWithin) return link.close(1008, "")
      if (now < heartbeatAt) return
      heartbeatAt = now + timings.coinbaseHeartbeatEvery
      for (const product of channels.get("heartbeat") ?? []) {
        const listing = listingOf(product)
        if (listing !== null) link.control(messages.heartbeat(product, listing.market, now * 1_000))
      }
    },
    traded: (listing, order) => {
      for (const fill of order.fills) {
        const row = messages.match(nameOf(listing), listing.symbol, listing.market, fill, "match")
        link.market(row.data, [row])
      }
    },
    changed: (listing, change) => {
      const row = messages.update(nameOf(listing), listing.symbol, listing.market, change)
      link.market(row.data, [row])
    }
  }
}

interface Wanted {
  readonly channel: string
  readonly product: string
}

/** Channels are named, or given as objects with products of their own. */
const wantedOf = (fields: Fields): ReadonlyArray<Wanted> => {
  const shared = texts(fields.product_ids) ?? []
  return (Array.isArray(fields.channels) ? fields.channels : []).flatMap((item: unknown) => {
    const channel = isFields(item) ? String(item.name) : String(item)
    const products = (isFields(item) ? texts(item.product_ids) : null) ?? shared
    return products.map((product) => ({ channel, product }))
  })
}
