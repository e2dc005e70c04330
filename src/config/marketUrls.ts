import type { Venue } from "../domain/Venue.ts"
import { venueMarket } from "../domain/venueMarket.ts"
import type { Problem } from "./ConfigError.ts"
import { defaults } from "./defaults.ts"
import { mostPaths } from "./MarketTable.ts"
import type { Readable } from "./Readable.ts"

type Market = NonNullable<NonNullable<Readable["markets"]>[number]>

/** One kind of URL, with the schemes of the other kind that may be meant. */
interface Kind {
  readonly expected: string
  readonly schemes: ReadonlyArray<string>
  readonly meant: Readonly<Record<string, string>>
  readonly example: string
}

const webSocket: Kind = {
  expected: "a ws:// or wss:// URL",
  schemes: ["ws:", "wss:"],
  meant: { "https:": "wss://", "http:": "ws://" },
  example: "\"wss://data-stream.binance.vision/ws\""
}

const rest: Kind = {
  expected: "an http:// or https:// URL",
  schemes: ["http:", "https:"],
  meant: { "wss:": "https://", "ws:": "http://" },
  example: "\"https://api.binance.us\""
}

const urlProblem = (path: string, key: string, written: string, kind: Kind): Problem | null => {
  const url = URL.parse(written)
  if (url === null || !kind.schemes.includes(url.protocol)) {
    const meant = kind.meant[url?.protocol ?? ""]
    return {
      path,
      expected: kind.expected,
      instead: meant === undefined ? `write for example ${key}${kind.example}` : `begin the URL with ${meant}`
    }
  }
  if (url.username !== "" || url.password !== "") {
    return { path, expected: "a URL without credentials", instead: "remove what stands before the @" }
  }
  if (url.hash !== "") return { path, expected: "a URL without a fragment", instead: "remove the # and what follows" }
  return kind === rest && url.search !== ""
    ? { path, expected: "a URL without a query", instead: "remove the ? and what follows" }
    : null
}

/** `urls` are those of `base_urls`, null in place of one that cannot be used. */
const several = (
  path: string,
  urls: ReadonlyArray<string | null>,
  market: Market,
  venue: Venue | null
): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  if (urls.length > 0 && market.base_url !== undefined) {
    problems.push({
      path,
      expected: "either base_url or base_urls, but both are there",
      instead: "move the URL of base_url into base_urls"
    })
  }
  const paths = market.paths === undefined ? defaults.market.paths : market.paths
  if (paths !== null && urls.length > paths && urls.length <= mostPaths) {
    problems.push({
      path,
      expected: `at most as many URLs as paths, and paths is ${paths}`,
      instead: `write paths = ${urls.length}, or remove the URLs that are not to be used`
    })
  }
  const [first, ...others] = urls
  for (const [i, url] of others.entries()) {
    if (venue === null || typeof first !== "string" || url === null) continue
    const [wanted, found] = [venueMarket(venue, first), venueMarket(venue, url)]
    if (wanted === found) continue
    problems.push({
      path: `${path}[${i + 1}]`,
      expected: `a URL of ${wanted}, as the first one is, but it leads to ${found}`,
      instead: `remove it, or record ${found} in a data_dir of its own`
    })
  }
  return problems
}

/** What is wrong with the URLs of a market, each by itself and all together. */
export const urlProblems = (place: string, market: Market, venue: Venue | null): ReadonlyArray<Problem> => {
  const urls = market.base_urls ?? []
  const single = (key: "base_url" | "rest_url", kind: Kind) => {
    const written = market[key]
    return typeof written === "string" ? [urlProblem(`${place}.${key}`, `${key} = `, written, kind)] : []
  }
  const listed = urls.map((url, i) => url === null ? null : urlProblem(`${place}.base_urls[${i}]`, "", url, webSocket))
  const usable = urls.map((url, i) => listed[i] === null ? url : null)
  return [
    ...[...single("base_url", webSocket), ...single("rest_url", rest), ...listed].filter((problem) => problem !== null),
    ...several(`${place}.base_urls`, usable, market, venue)
  ]
}
