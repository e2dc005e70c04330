import type { Venue } from "./Venue.ts"

const binance = ({ hostname, search }: URL): string => {
  const market = hostname.endsWith(".us")
    ? "Binance.US"
    : hostname.includes("testnet.")
    ? "Binance's testnet"
    : hostname.startsWith("demo-")
    ? "Binance's demo"
    : "Binance"
  return /[?&]timeUnit=MICROSECOND(?:&|$)/i.test(search) ? `${market} in microseconds` : market
}

const coinbase = ({ hostname, pathname }: URL): string =>
  hostname.startsWith("ws-feed") || pathname.startsWith("/ws-feed") ? "Coinbase Exchange" : "Coinbase Advanced Trade"

// The regional Upbits have books of their own.
const upbit = ({ hostname }: URL): string => {
  const region = /^(\w+)-api\.upbit\.com$/.exec(hostname)?.[1]
  return region === undefined ? "Upbit" : `Upbit ${region}`
}

const okx = ({ hostname }: URL): string => /^ws\w*pap\.okx\.com$/.test(hostname) ? "OKX's demo" : "OKX"

const bybit = ({ hostname }: URL): string => hostname.startsWith("stream-testnet.") ? "Bybit's testnet" : "Bybit"

const markets: Readonly<Record<Venue, (url: URL) => string>> = { binance, coinbase, upbit, okx, bybit }

/**
 * What a URL of a venue leads to, and how that speaks, as far as the URL tells: two connections of one feed must agree
 * on it, for ids and messages of one mean nothing in another.
 */
export const venueMarket = (venue: Venue, url: string): string => {
  const parsed = URL.parse(url)
  return parsed === null ? venue : markets[venue](parsed)
}
