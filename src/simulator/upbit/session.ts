import type { DataType } from "../../domain/Feed.ts"
import { isFields, parse, texts } from "../json.ts"
import type { Listing, Listings } from "../Listings.ts"
import type { Fill } from "../Market.ts"
import type { Timings } from "../SimulatorOptions.ts"
import { type Link, quiet, type VenueSession } from "../VenueSession.ts"
import * as messages from "./messages.ts"

const depths = new Set([1, 5, 15, 30])
const deepest = 30

/** One code of a request, as the client wrote it and as the venue reads it. */
interface Wanted {
  readonly symbol: string
  readonly code: string
  readonly depth: number
  readonly dataType: DataType
  readonly snapshot: boolean
  readonly realtime: boolean
}

/** Makes the sessions of Upbit: array requests that replace each other, binary frames, no acknowledgement. */
export const sessions = (listings: Listings, timings: Timings) => {
  return (link: Link): VenueSession => {
    const openedAt = link.now()
    let wanted: ReadonlyArray<Wanted> = []
    /** Grows with every request, so that what an earlier one planned is not done. */
    let generation = 0
    let ticket = ""
    let failed = false
    let nextUpAt = Number.POSITIVE_INFINITY
    /** A trade that is overtaken by the next one, which Upbit allows itself. */
    let overtaken: { readonly listing: Listing; readonly fill: Fill } | null = null

    const send = (text: string) => link.control(Buffer.from(text))

    const fail = (text: string) => {
      failed = true
      send(text)
      link.later(timings.upbitErrorClose, () => link.close(1000, ""))
    }

    const sendTrade = (listing: Listing, fill: Fill, streamType: messages.StreamType) => {
      const row = messages.trade(listing.symbol, listing.market, fill, streamType)
      link.market(Buffer.from(row.data), [row])
    }

    const sendBook = (listing: Listing, want: Wanted, streamType: messages.StreamType) => {
      const row = messages.orderbook(want.symbol, listing.market, { code: want.code, depth: want.depth, streamType })
      link.market(Buffer.from(row.data), [row])
    }

    const begin = (want: Wanted) => {
      const listing = listings.get(want.code, link.now())
      if (listing === null) return
      if (want.snapshot && want.dataType === "orderbook") sendBook(listing, want, "SNAPSHOT")
      const last = listing.market.history.at(-1)
      if (want.snapshot && want.dataType === "trade" && last !== undefined) sendTrade(listing, last, "SNAPSHOT")
      if (want.realtime) link.follow(listing, want.dataType, want.symbol)
    }

    const subscribe = (next: ReadonlyArray<Wanted>) => {
      for (const old of wanted) {
        const listing = listings.get(old.code, link.now())
        if (listing !== null) link.unfollow(listing, old.dataType)
      }
      if (next.some((want) => listings.has(want.code) && link.refuses(want))) return fail(messages.error("NO_CODES"))
      wanted = next
      const mine = ++generation
      for (const want of next) {
        link.later(link.random.integer(...timings.upbitSnapshotDelay), () => {
          if (generation === mine) begin(want)
        })
      }
    }

    const list = () => {
      const result = (["orderbook", "trade"] as const).flatMap((type) => {
        const codes = wanted.filter((want) => want.dataType === type).map((want) => want.symbol)
        return codes.length === 0 ? [] : [{ type, codes, ...(type === "orderbook" ? { level: 0 } : {}) }]
      })
      send(JSON.stringify({ method: "LIST_SUBSCRIPTIONS", result, ticket }))
    }

    const request = (parts: ReadonlyArray<unknown>) => {
      const fields = parts.filter(isFields)
      const withTicket = fields.find((part) => typeof part.ticket === "string" && part.ticket !== "")
      if (withTicket === undefined) return fail(messages.error("NO_TICKET"))
      ticket = String(withTicket.ticket)
      if (fields.some((part) => part.method === "LIST_SUBSCRIPTIONS")) return list()
      const format = fields.find((part) => "format" in part)?.format ?? "DEFAULT"
      if (format !== "DEFAULT") return fail(messages.error("WRONG_FORMAT"))
      const asked = fields.filter((part) => "type" in part)
      if (asked.length === 0) return fail(messages.error("NO_TYPE"))
      const next: Array<Wanted> = []
      for (const part of asked) {
        if (part.type !== "trade" && part.type !== "orderbook") {
          return fail(messages.unsupportedType(String(part.type)))
        }
        const codes = texts(part.codes)
        if (codes === null || codes.length === 0) return fail(messages.error("NO_CODES"))
        const snapshot = part.is_only_realtime !== true && part.isOnlyRealtime !== true
        const realtime = part.is_only_snapshot !== true && part.isOnlySnapshot !== true
        for (const symbol of codes) next.push({ symbol, dataType: part.type, snapshot, realtime, ...depthOf(symbol) })
      }
      subscribe(next)
    }

    return {
      ...quiet(link),
      message: (text) => {
        if (failed) return
        if (text === "PING") {
          nextUpAt = link.now() + timings.upbitUpEvery
          return send(messages.up)
        }
        const value = parse(text)
        if (!Array.isArray(value)) return fail(messages.error("WRONG_FORMAT"))
        request(value)
      },
      tick: (now) => {
        if (now - openedAt >= timings.upbitLifetime) return link.close(1001, "")
        if (now >= nextUpAt) {
          nextUpAt = now + timings.upbitUpEvery
          send(messages.up)
        }
        if (now - Math.max(link.lastReceivedAt(), link.lastSentAt()) >= timings.upbitIdle) link.drop()
      },
      flush: () => {
        if (overtaken !== null) sendTrade(overtaken.listing, overtaken.fill, "REALTIME")
        overtaken = null
      },
      traded: (listing, order) => {
        for (const fill of order.fills) {
          if (overtaken === null && link.random.chance(1 / 50)) {
            overtaken = { listing, fill }
            continue
          }
          sendTrade(listing, fill, "REALTIME")
          if (overtaken !== null) sendTrade(overtaken.listing, overtaken.fill, "REALTIME")
          overtaken = null
        }
      },
      changed: (listing) => {
        for (const want of wanted) {
          if (want.dataType === "orderbook" && want.code === listing.symbol) sendBook(listing, want, "REALTIME")
        }
      }
    }
  }
}

/** `KRW-ETH.15` asks for 15 levels; numbers that are not offered mean 30. */
const depthOf = (symbol: string): { readonly code: string; readonly depth: number } => {
  const [code = "", suffix] = symbol.split(".")
  const depth = Number(suffix)
  return { code, depth: depths.has(depth) ? depth : deepest }
}
