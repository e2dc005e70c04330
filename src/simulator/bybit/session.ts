import type { DataType } from "../../domain/Feed.ts"
import { isFields, parse, texts } from "../json.ts"
import type { Listing, Listings } from "../Listings.ts"
import type { BookChange, TakerOrder } from "../Market.ts"
import type { Timings } from "../SimulatorOptions.ts"
import { encodeOnce, type Link, quiet, type VenueSession } from "../VenueSession.ts"
import * as messages from "./messages.ts"

const argumentLimit = 10
const tradesPerMessage = 1_024

const changeRow = encodeOnce((listing: Listing, change: BookChange) =>
  messages.change(listing.symbol, listing.market, change)
)
const tradeRows = encodeOnce((listing: Listing, order: TakerOrder) =>
  order.fills.map((fill) => messages.trade(listing.symbol, listing.market, fill))
)

interface Topic {
  readonly name: string
  readonly listing: Listing
  readonly dataType: DataType
}

/** Bybit v5 spot: refuses whole requests for one bad topic, and starts books with a snapshot. */
export const session = (link: Link, listings: Listings, timings: Timings): VenueSession => {
  const connId = `d9${link.random.integer(1e9, 9e9).toString(36)}-${link.random.integer(1e5, 9e6).toString(36)}`
  const openedAt = link.now()
  const active = new Map<string, Topic>()

  /** The topic, or in Bybit's words why there is none. */
  const topicOf = (name: string): Topic | string => {
    const book = /^orderbook\.50\.(.+)$/.exec(name)
    const trade = /^publicTrade\.(.+)$/.exec(name)
    const symbol = book?.[1] ?? trade?.[1]
    if (symbol === undefined) return `error:handler not found,topic:${name}`
    const dataType = book === null ? "trade" : "orderbook"
    const listing = listings.get(symbol, link.now())
    return listing === null || link.refuses({ symbol, dataType })
      ? `Invalid symbol :[${name}]`
      : { name, listing, dataType }
  }

  const subscribe = (args: ReadonlyArray<string>, reqId: string | null) => {
    if (args.length > argumentLimit) return link.control(messages.tooManyArguments(connId))
    const reply = { connId, op: "subscribe", reqId }
    const topics: Array<Topic> = []
    for (const name of args) {
      const topic = active.has(name) || topics.some((earlier) => earlier.name === name)
        ? `error:already subscribed,topic:${name}`
        : topicOf(name)
      if (typeof topic === "string") return link.control(messages.refused(reply, topic))
      topics.push(topic)
    }
    link.control(messages.accepted(reply, "subscribe"))
    for (const topic of topics) {
      active.set(topic.name, topic)
      const { dataType, listing } = topic
      link.follow(listing, dataType, listing.symbol)
      if (dataType === "trade") continue
      const row = messages.snapshot(listing.symbol, listing.market, link.now())
      link.market(row.data, [row])
    }
  }

  const unsubscribe = (args: ReadonlyArray<string>, reqId: string | null) => {
    for (const name of args) {
      const topic = active.get(name)
      if (topic !== undefined) link.unfollow(topic.listing, topic.dataType)
      active.delete(name)
    }
    link.control(messages.accepted({ connId, op: "unsubscribe", reqId }, "unsubscribe"))
  }

  return {
    ...quiet(link),
    message: (text) => {
      const value = parse(text)
      const fields = isFields(value) ? value : {}
      const op = typeof fields.op === "string" ? fields.op : ""
      const reqId = typeof fields.req_id === "string" && fields.req_id !== "" ? fields.req_id : null
      if (op === "ping") return link.control(messages.accepted({ connId, op, reqId }, "pong"))
      const args = texts(fields.args)
      if (op === "subscribe" && args !== null) return subscribe(args, reqId)
      if (op === "unsubscribe" && args !== null) return unsubscribe(args, reqId)
      link.control(messages.refused({ connId, op, reqId }, "error:request error"))
    },
    tick: (now) => {
      if (now - openedAt >= timings.bybitLifetime) return link.close(1001, "")
      if (now - Math.max(link.lastReceivedAt(), link.lastSentAt()) >= timings.bybitIdle) link.drop()
    },
    traded: (listing, order) => {
      const rows = tradeRows(listing, order)
      for (let i = 0; i < rows.length; i += tradesPerMessage) {
        const part = rows.length <= tradesPerMessage ? rows : rows.slice(i, i + tradesPerMessage)
        link.market(messages.tradesMessage(listing.symbol, part, link.now()), part)
      }
    },
    changed: (listing, change) => {
      const row = changeRow(listing, change)
      link.market(row.data, [row])
    }
  }
}
