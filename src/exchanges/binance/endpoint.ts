import type { TimeUnit } from "./trade.ts"

const defaultBaseUrl = "wss://stream.binance.com:9443/stream"

/**
 * Where to connect for a configured base URL: one that ends in neither `/ws` nor `/stream` gets `/stream`, for only there
 * partial-depth frames name their symbol. A query stays.
 */
export const endpointOf = (baseUrl: string | null): string => {
  const [address = "", ...query] = (baseUrl ?? defaultBaseUrl).split("?")
  const base = address.replace(/\/+$/, "")
  const path = /\/(?:ws|stream)$/.test(base) ? "" : "/stream"
  return query.length === 0 ? `${base}${path}` : `${base}${path}?${query.join("?")}`
}

/** The unit of times on an endpoint (Binance documentation, WebSocket Streams, general information). */
export const timeUnitOf = (endpoint: string): TimeUnit =>
  /[?&]timeUnit=MICROSECOND(?:&|$)/i.test(endpoint) ? "micros" : "millis"
