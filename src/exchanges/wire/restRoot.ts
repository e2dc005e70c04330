/**
 * How the URLs of a venue's REST interface begin. `hostOf` tells the REST host beside a host of market data. An unknown
 * one, a relay or a stand-in, is asked itself: what it relays must never be mixed with trades of the real venue.
 */
export const restRoot = (
  restUrl: string | null,
  baseUrl: string | null,
  defaultHost: string,
  hostOf: (hostname: string) => string | undefined
): string => {
  const chosen = restUrl === null ? null : URL.parse(restUrl)
  if (chosen !== null) return `${chosen.origin}${chosen.pathname.replace(/\/+$/, "")}`
  const base = baseUrl === null ? null : URL.parse(baseUrl)
  if (base === null) return `https://${defaultHost}`
  const host = hostOf(base.hostname)
  if (host !== undefined) return `https://${host}`
  return `${base.protocol === "ws:" ? "http" : "https"}://${base.host}`
}

/** The URL of a request; whatever stands in `query`, it stays there. */
export const requestUrl = (root: string, path: string, query: Readonly<Record<string, string>>): string =>
  `${root}${path}?${new URLSearchParams(query).toString()}`
