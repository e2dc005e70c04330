import { type Fields, isFields, parse, texts } from "../json.ts"
import type { Listing, Listings } from "../Listings.ts"
import type { TakerOrder } from "../Market.ts"
import type { Timings } from "../SimulatorOptions.ts"
import { encodeOnce, type Link, quiet, type VenueSession } from "../VenueSession.ts"
import * as messages from "./messages.ts"

const streamLimit = 1_024
/** Messages a client may send within one second, pings and pongs included. */
const messagesPerSecond = 5
/** The largest control message that is answered properly, and the size from which on the answer is an error. */
const controlBytes = 4_088
const truncatedBytes = 4_106

const methods = ["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY"]

const depthRow = encodeOnce((listing: Listing, change: Listing["market"]["latest"]) =>
  messages.depth(listing.symbol, listing.market, change)
)
const tradeRows = encodeOnce((listing: Listing, order: TakerOrder) =>
  order.fills.map((fill) => messages.trade(listing.symbol, listing.market.priceDecimals, fill, false))
)

/** What a request's path and query settle before the first message. */
export interface Opening {
  readonly combined: boolean
  readonly streams: ReadonlyArray<string>
  readonly inMicros: boolean
}

/** `/ws`, `/ws/<stream>`, `/stream`, `/stream?streams=`; null for any other path. */
export const opening = (url: URL): Opening | null => {
  const inMicros = url.searchParams.get("timeUnit")?.toUpperCase() === "MICROSECOND"
  const path = decoded(url.pathname)
  if (path === "/stream") {
    const streams = url.searchParams.get("streams")
    return { combined: true, streams: streams === null || streams === "" ? [] : streams.split("/"), inMicros }
  }
  if (path === "/ws" || path === "/ws/") return { combined: false, streams: [], inMicros }
  return path.startsWith("/ws/") ? { combined: false, streams: path.slice(4).split("/"), inMicros } : null
}

/** Percent-encoded symbols are accepted; what cannot be decoded is taken as it is. */
const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Binance spot: acknowledges whatever looks like a stream, pings, and counts what the client sends. */
export const session = (link: Link, listings: Listings, timings: Timings, opened: Opening): VenueSession => {
  const streams = new Set<string>()
  let combined = opened.combined
  let received: Array<number> = []
  const openedAt = link.now()
  let pingedAt = openedAt
  let unanswered: { readonly payload: string; readonly at: number } | null = null

  /** Symbols in stream names are lower case; other streams exist but never have anything to say. */
  const feedOf = (stream: string) => {
    const [symbol = "", ...channel] = stream.split("@")
    const dataType = channel.join("@")
    if (dataType !== "trade" && dataType !== "depth20@100ms") return null
    const listing = listings.get(symbol, link.now())
    return listing === null
      ? null
      : { listing, dataType: dataType === "trade" ? "trade" as const : "orderbook" as const }
  }

  const add = (stream: string) => {
    if (streams.has(stream)) return
    streams.add(stream)
    const feed = feedOf(stream)
    if (feed !== null) link.follow(feed.listing, feed.dataType, feed.listing.symbol)
  }

  const remove = (stream: string) => {
    const feed = streams.delete(stream) ? feedOf(stream) : null
    if (feed !== null) link.unfollow(feed.listing, feed.dataType)
  }

  const subscribe = (params: ReadonlyArray<string> | null, id: string) => {
    if (params === null || params.some((stream) => !stream.includes("@") || isRefused(stream))) {
      return link.control(messages.error(2, "Invalid request: invalid stream", id))
    }
    if (new Set([...streams, ...params]).size > streamLimit) {
      return link.control(messages.error(4, "Too many subscriptions", id))
    }
    for (const stream of params) add(stream)
    link.control(messages.result(null, id))
  }

  const isRefused = (stream: string) => {
    const feed = feedOf(stream)
    return feed !== null && link.refuses({ symbol: feed.listing.symbol, dataType: feed.dataType })
  }

  const property = (method: string, params: unknown, id: string) => {
    const [name, value] = Array.isArray(params) ? params : []
    if (name !== "combined") return link.control(messages.error(0, "Unknown property", id))
    if (method === "GET_PROPERTY") return link.control(messages.result(combined, id))
    if (typeof value !== "boolean") {
      return link.control(messages.error(1, "Invalid value type: expected Boolean", id))
    }
    combined = value
    link.control(messages.result(null, id))
  }

  const request = (fields: Fields, text: string) => {
    if (!isRequestId(fields.id)) {
      return link.control(messages.error(2, "Invalid request: request ID must be an unsigned integer", null))
    }
    const id = JSON.stringify(fields.id ?? null)
    const method = fields.method
    if (typeof method !== "string") {
      return link.control(
        messages.error(2, `Invalid request: missing field \`method\` at line 1 column ${text.length}`, id)
      )
    }
    if (method === "SUBSCRIBE") return subscribe(texts(fields.params), id)
    if (method === "UNSUBSCRIBE") {
      for (const stream of texts(fields.params) ?? []) remove(stream)
      return link.control(messages.result(null, id))
    }
    if (method === "LIST_SUBSCRIPTIONS") return link.control(messages.result([...streams], id))
    if (method === "SET_PROPERTY" || method === "GET_PROPERTY") return property(method, fields.params, id)
    const expected = methods.map((name) => `\`${name}\``).join(", ")
    const column = text.indexOf(method) + method.length + 1
    const msg = `Invalid request: unknown variant \`${method}\`, expected one of ${expected} at line 1 column ${column}`
    link.control(messages.error(2, msg, id))
  }

  /** False when this message was one too many; the connection is then closing. */
  const countReceived = () => {
    const now = link.now()
    received = received.filter((at) => at > now - 1_000)
    received.push(now)
    if (received.length <= messagesPerSecond) return true
    link.close(1008, "Too many requests")
    return false
  }

  return {
    ...quiet(link),
    opened: () => {
      for (const stream of opened.streams) if (!isRefused(stream)) add(stream)
    },
    message: (text) => {
      if (!countReceived()) return
      const bytes = Buffer.byteLength(text)
      if (bytes > controlBytes && bytes < truncatedBytes) return
      if (bytes > controlBytes) {
        return link.control(
          messages.error(3, "Invalid JSON: EOF while parsing a string at line 1 column 4096", null)
        )
      }
      const value = parse(text)
      if (value === undefined) {
        return link.control(messages.error(3, "Invalid JSON: expected value at line 1 column 1", null))
      }
      request(isFields(value) ? value : {}, text)
    },
    pinged: (payload) => {
      if (countReceived()) link.pong(payload)
    },
    ponged: (payload) => {
      if (!countReceived()) return
      if (unanswered !== null && String(payload) === unanswered.payload) unanswered = null
    },
    tick: (now) => {
      if (now - openedAt >= timings.binanceLifetime) return link.close(1001, "")
      if (unanswered !== null && now - unanswered.at >= timings.binancePongWithin) {
        return link.close(1008, "Pong timeout")
      }
      if (now - pingedAt < timings.binancePingEvery) return
      pingedAt = now
      const payload = String(now)
      unanswered ??= { payload, at: now }
      link.ping(payload)
    },
    traded: (listing, order) => {
      const stream = `${listing.symbol}@trade`
      const rows = opened.inMicros
        ? order.fills.map((fill) => messages.trade(listing.symbol, listing.market.priceDecimals, fill, true))
        : tradeRows(listing, order)
      for (const row of rows) link.market(combined ? messages.combined(stream, row.data) : row.data, [row])
    },
    changed: (listing, change) => {
      const row = depthRow(listing, change)
      link.market(combined ? messages.combined(`${listing.symbol}@depth20@100ms`, row.data) : row.data, [row])
    },
    announceEnd: (leadMillis = timings.noticeLead) => {
      link.control(messages.serverShutdown(link.now(), combined))
      link.later(leadMillis, () => link.close(1001, ""))
    }
  }
}

/** An integer, a short alphanumeric text, or null. */
const isRequestId = (id: unknown): boolean =>
  id === undefined || id === null || Number.isSafeInteger(id) || (typeof id === "string" && /^\w{1,36}$/.test(id))
