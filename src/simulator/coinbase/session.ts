import type { DataType } from "../../domain/Feed.ts"
import { isFields, parse, texts } from "../json.ts"
import type { Row } from "../Ledger.ts"
import type { Listing, Listings } from "../Listings.ts"
import type { BookChange } from "../Market.ts"
import type { Timings } from "../SimulatorOptions.ts"
import { MomentSource } from "../timeText.ts"
import { encodeOnce, type Link, quiet, type VenueSession } from "../VenueSession.ts"
import * as messages from "./messages.ts"

/** Channels that exist without a key; only the first two have something to say here. */
const publicChannels = new Set(["level2", "market_trades", "heartbeats", "ticker", "ticker_batch", "candles", "status"])
const dataTypes: Readonly<Record<string, DataType>> = { level2: "orderbook", market_trades: "trade" }
/** The longest that an acknowledgement comes behind the data. */
const ackDelayMillis = 60

const changedLevels = encodeOnce((listing: Listing, { asks, atMillis, bids, cursor }: BookChange) =>
  // Every now and then an update touches nothing.
  cursor % 16 === 0
    ? ""
    : messages.levels(bids, asks, atMillis * 1_000 + (cursor % 1_000), listing.market.priceDecimals)
)

/** Products quoted in USDC are delivered under their USD name. */
export const deliveredAs = (product: string): string =>
  product.endsWith("-USDC") && product !== "USDT-USDC" && product !== "EURC-USDC" ? product.slice(0, -1) : product

interface Channel {
  /** Delivered product to the name that was asked for. */
  readonly products: Map<string, string>
  lastMessageAt: number
}

/** Coinbase Advanced Trade: one sequence for all messages of the connection, trades in batches, heartbeats. */
export const session = (link: Link, listings: Listings, timings: Timings): VenueSession => {
  const openedAt = link.now()
  const moments = new MomentSource()
  const uptimeSeconds = link.random.integer(10_000, 90_000)
  const withClientId = link.random.chance(1 / 8)
  const channels = new Map<string, Channel>()
  let sequence = 0
  let subscribedEver = false
  let heartbeatAt = Number.POSITIVE_INFINITY
  let batchAt = openedAt + timings.coinbaseTradeBatch
  let batch: Array<Row> = []

  const envelope = (): messages.Envelope => ({
    moment: moments.at(link.now(), link.random.integer(0, 999_999)),
    sequence: sequence++,
    withClientId
  })

  const listingOf = (product: string): Listing | null => listings.get(deliveredAs(product), link.now())

  const acknowledge = () => {
    // Once in a while the state is empty although there are subscriptions, which has been seen live.
    if (link.random.chance(1 / 16)) return link.control(messages.subscriptions(envelope(), {}))
    const state: Record<string, ReadonlyArray<string>> = {}
    for (const [name, { products }] of [...channels].toSorted(([a], [b]) => a.localeCompare(b))) {
      if (name === "heartbeats") state[name] = ["heartbeats"]
      else if (products.size > 0) state[name] = [...products.keys()]
    }
    link.control(messages.subscriptions(envelope(), state))
  }

  const sendBook = (listing: Listing, symbol: string, type: "snapshot" | "update", levels: string) => {
    const row = messages.book(envelope(), { symbol, productId: listing.symbol, type, levels })
    link.market(row.data, [row])
  }

  const sendHistory = (listing: Listing, symbol: string) => {
    const rows = listing.market.history.map((fill) =>
      messages.trade(symbol, listing.symbol, listing.market, fill, true)
    )
    link.market(messages.trades(envelope(), "snapshot", rows), rows)
  }

  const sendBatch = () => {
    if (batch.length === 0) return
    const rows = batch
    batch = []
    link.market(messages.trades(envelope(), "update", rows), rows)
  }

  const begin = (name: string, channel: Channel, product: string) => {
    const listing = listingOf(product)
    if (listing === null) return
    channel.products.set(listing.symbol, product)
    const dataType = dataTypes[name]
    if (dataType === undefined) return
    if (dataType === "trade") {
      sendBatch()
      sendHistory(listing, product)
    } else {
      const { market } = listing
      const levels = messages.levels(market.bids, market.asks, market.latest.atMillis * 1_000, market.priceDecimals)
      sendBook(listing, product, "snapshot", levels)
    }
    link.follow(listing, dataType, product)
  }

  const subscribe = (name: string, products: ReadonlyArray<string>) => {
    const dataType = dataTypes[name]
    const isRefused = dataType !== undefined && products.some((symbol) => link.refuses({ symbol, dataType }))
    if (!publicChannels.has(name) || isRefused) return link.control(messages.error("authentication failure"))
    subscribedEver = true
    const channel = channels.get(name) ?? { products: new Map(), lastMessageAt: link.now() }
    channels.set(name, channel)
    if (name === "heartbeats") heartbeatAt = Math.min(heartbeatAt, link.now() + timings.coinbaseHeartbeatEvery)
    const order = link.random.integer(0, 2)
    if (order === 0) acknowledge()
    for (const product of products) begin(name, channel, product)
    if (order === 1) acknowledge()
    if (order === 2) link.later(link.random.integer(0, ackDelayMillis), acknowledge)
  }

  const end = (name: string, products: ReadonlyArray<string> | null) => {
    const channel = channels.get(name)
    const dataType = dataTypes[name]
    if (channel === undefined) return
    for (const product of products?.map(deliveredAs) ?? [...channel.products.keys()]) {
      const listing = listings.get(product, link.now())
      if (listing !== null && dataType !== undefined) link.unfollow(listing, dataType)
      channel.products.delete(product)
    }
    if (channel.products.size === 0) channels.delete(name)
    if (name === "heartbeats") heartbeatAt = Number.POSITIVE_INFINITY
  }

  const sent = (name: string) => {
    const channel = channels.get(name)
    if (channel !== undefined) channel.lastMessageAt = link.now()
  }

  return {
    ...quiet(link),
    message: (text) => {
      const value = parse(text)
      const fields = isFields(value) ? value : {}
      const name = typeof fields.channel === "string" ? fields.channel : ""
      if (fields.type === "subscribe") return subscribe(name, texts(fields.product_ids) ?? [])
      if (fields.type !== "unsubscribe") return link.control(messages.error("unknown message type"))
      sendBatch()
      end(name, texts(fields.product_ids))
      acknowledge()
    },
    tick: (now) => {
      if (now - openedAt >= timings.coinbaseLifetime) return link.close(1001, "")
      if (!subscribedEver && now - openedAt >= timings.coinbaseSubscribeWithin) return link.close(1008, "")
      if (now >= heartbeatAt) {
        heartbeatAt += timings.coinbaseHeartbeatEvery
        link.control(messages.heartbeat(envelope(), uptimeSeconds + Math.floor((now - openedAt) / 1_000)))
      }
      if (now >= batchAt) {
        batchAt = now + timings.coinbaseTradeBatch
        sendBatch()
      }
      if (channels.has("heartbeats")) return
      for (const [name, { lastMessageAt }] of channels) {
        if (now - lastMessageAt >= timings.coinbaseQuietChannel) end(name, null)
      }
    },
    flush: sendBatch,
    traded: (listing, order) => {
      sent("market_trades")
      const symbol = channels.get("market_trades")?.products.get(listing.symbol) ?? listing.symbol
      for (const fill of order.fills) {
        batch.push(messages.trade(symbol, listing.symbol, listing.market, fill, false))
      }
    },
    changed: (listing, change) => {
      sent("level2")
      const symbol = channels.get("level2")?.products.get(listing.symbol) ?? listing.symbol
      sendBook(listing, symbol, "update", changedLevels(listing, change))
    }
  }
}
