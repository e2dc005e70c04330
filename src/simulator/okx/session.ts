import type { DataType } from "../../domain/Feed.ts"
import { isFields, parse } from "../json.ts"
import type { Listing, Listings } from "../Listings.ts"
import type { BookChange, TakerOrder } from "../Market.ts"
import type { Timings } from "../SimulatorOptions.ts"
import { encodeOnce, type Link, quiet, type VenueSession } from "../VenueSession.ts"
import * as messages from "./messages.ts"

const requestBytes = 64 * 1_024

const updateRow = encodeOnce((listing: Listing, change: BookChange) =>
  messages.update(listing.symbol, listing.market, change)
)
const trades = encodeOnce((listing: Listing, order: TakerOrder) => {
  const rows = messages.trades(listing.symbol, listing.market, order)
  return { rows, text: messages.tradesMessage(listing.symbol, rows) }
})

const dataTypes: Readonly<Record<string, DataType>> = { books: "orderbook", trades: "trade" }

/** OKX public channels: one acknowledgement per argument, a text ping, and an end after 30 s of silence. */
export const session = (link: Link, listings: Listings, timings: Timings): VenueSession => {
  const connId = link.random.integer(0x10000000, 0xffffffff).toString(16)
  /** Followed books, with the time of the last message of each. */
  const books = new Map<Listing, number>()
  const announceAt = link.now() + Math.max(0, timings.okxLifetime - timings.noticeLead)
  let announced = false

  const subscribe = (channel: string, instId: string, id: string | null) => {
    const dataType = dataTypes[channel]
    const listing = dataType === undefined ? null : listings.get(instId, link.now())
    if (dataType === undefined || listing === null || link.refuses({ symbol: instId, dataType })) {
      return link.control(messages.doesNotExist(channel, instId, id, connId))
    }
    link.control(messages.acknowledged("subscribe", channel, instId, id, connId))
    link.follow(listing, dataType, instId)
    if (dataType === "trade") return
    const row = messages.snapshot(instId, listing.market, link.now())
    link.market(row.data, [row])
    books.set(listing, link.now())
  }

  const unsubscribe = (channel: string, instId: string, id: string | null) => {
    const dataType = dataTypes[channel]
    const listing = listings.get(instId, link.now())
    if (dataType !== undefined && listing !== null) {
      link.unfollow(listing, dataType)
      if (dataType === "orderbook") books.delete(listing)
    }
    link.control(messages.acknowledged("unsubscribe", channel, instId, id, connId))
  }

  const announceEnd = (leadMillis = timings.noticeLead) => {
    announced = true
    link.control(messages.upgradeNotice(connId))
    link.later(leadMillis, () => link.close(4006, "Service upgrade"))
  }

  return {
    ...quiet(link),
    message: (text) => {
      if (text === "ping") return link.control("pong")
      const value = Buffer.byteLength(text) > requestBytes ? undefined : parse(text)
      const fields = isFields(value) ? value : {}
      const id = typeof fields.id === "string" && /^[A-Za-z0-9]{1,32}$/.test(fields.id) ? fields.id : null
      const args = channelArguments(fields.args)
      const op = fields.op
      if (args === null || (op !== "subscribe" && op !== "unsubscribe")) {
        return link.control(messages.invalidRequest(text.slice(0, 500), id, connId))
      }
      for (const { channel, instId } of args) (op === "subscribe" ? subscribe : unsubscribe)(channel, instId, id)
    },
    tick: (now) => {
      if (!announced && now >= announceAt) announceEnd(Math.min(timings.noticeLead, timings.okxLifetime))
      if (now - Math.max(link.lastReceivedAt(), link.lastSentAt()) >= timings.okxIdle) {
        return link.close(4004, "No data received in 30s")
      }
      for (const [listing, sentAt] of books) {
        if (now - sentAt < timings.okxKeepAlive) continue
        const row = messages.keepAlive(listing.symbol, listing.market, now)
        link.market(row.data, [row])
        books.set(listing, now)
      }
    },
    traded: (listing, order) => {
      const { rows, text } = trades(listing, order)
      link.market(text, rows)
    },
    changed: (listing, change) => {
      books.set(listing, link.now())
      const row = updateRow(listing, change)
      link.market(row.data, [row])
    },
    announceEnd
  }
}

const channelArguments = (
  value: unknown
): ReadonlyArray<{ readonly channel: string; readonly instId: string }> | null => {
  if (!Array.isArray(value) || value.length === 0) return null
  const args: Array<{ channel: string; instId: string }> = []
  for (const item of value) {
    if (!isFields(item) || typeof item.channel !== "string" || typeof item.instId !== "string") return null
    args.push({ channel: item.channel, instId: item.instId })
  }
  return args
}
