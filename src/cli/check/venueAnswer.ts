import { Effect } from "effect"
import type { FeedConfig } from "../../config/Config.ts"
import type { Feed } from "../../domain/Feed.ts"
import type { Exchange } from "../../exchanges/Exchange.ts"
import { registry } from "../../exchanges/registry.ts"
import { ConnectLimiter } from "../../feeds/ConnectLimiter.ts"
import { probe } from "../../feeds/Probe.ts"
import { printableUrl } from "../../feeds/printableUrl.ts"
import { isTlsTrouble } from "../../runtime/tlsTrouble.ts"
import { ask } from "./Answer.ts"

/** A feed and one of the URLs that its connections go to. */
interface Question {
  readonly feed: Feed
  /** Null for the venue's own URL. */
  readonly baseUrl: string | null
}

const questionsOf = ({ baseUrls, feed, paths }: FeedConfig): ReadonlyArray<Question> =>
  baseUrls.length === 0 ? [{ feed, baseUrl: null }] : baseUrls.slice(0, paths).map((baseUrl) => ({ feed, baseUrl }))

/** One feed for each venue and URL: a book where there is one, for books come even while nobody trades. */
export const chosenFeeds = (feeds: ReadonlyArray<FeedConfig>): ReadonlyArray<Question> => {
  const chosen = new Map<string, Question>()
  for (const each of feeds.flatMap(questionsOf)) {
    const key = `${each.feed.exchange} ${each.baseUrl ?? ""}`
    const known = chosen.get(key)
    const better = known?.feed.dataType === "trade" && each.feed.dataType === "orderbook"
    if (known === undefined || better) chosen.set(key, each)
  }
  return [...chosen.values()]
}

const codeOf = (cause: unknown): string => {
  if (cause instanceof AggregateError) return codeOf(cause.errors[0])
  if (!(cause instanceof Error)) return ""
  return "code" in cause && typeof cause.code === "string" ? cause.code : codeOf(cause.cause)
}

/** What to do about a connection that did not come about. */
const connectAdvice = (cause: unknown, baseUrl: string | null): string => {
  const code = codeOf(cause)
  const url = baseUrl === null ? "" : "check base_url of this market; "
  if (code === "ECONNREFUSED") return `nobody listens there: ${url}a firewall or proxy may also refuse for the venue`
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return `the name cannot be resolved: ${url}check the network and DNS of this machine`
  }
  if (isTlsTrouble(code)) {
    return `TLS does not come about: ${
      baseUrl === null ? "" : "check whether base_url begins with the right one of ws:// and wss://; "
    }check this machine's clock and certificates, and whether a proxy stands between`
  }
  return `${url}check the network, and whether a firewall or proxy lets WebSockets through`
}

type ProbeError = Effect.Error<ReturnType<typeof probe>>

const adviceFor = (error: ProbeError, { notation, venue }: Exchange, { baseUrl, feed }: Question): string => {
  switch (error._tag) {
    case "ConnectFailed":
      return connectAdvice(error.cause, baseUrl)
    // Says itself what can be done, where anything can.
    case "HandshakeRefused":
      return error.advice === "" ? "try again later; if it stays, check the network and base_url of this market" : ""
    case "SubscriptionRejected":
      return `correct ${feed.symbol} in the symbols of this market (${notation.description}, such as ${notation.example})`
    case "NoMarketData":
      return `check that ${venue} lists ${feed.symbol} and trades it now, and that base_url is that of its market data`
    case "ConnectionClosed":
      return "the venue ended the connection: try again later; if it stays, check the symbol and base_url of this market"
    case "TokenError":
      return "correct COINBASE_API_KEY and COINBASE_API_SECRET, or unset both to use Coinbase without a key"
  }
}

/** Connects once to the venue of a feed and waits for its first event, when the venue's limits allow. */
export const venueAnswer = Effect.fnUntraced(function*(plan: Question, waitMillis?: number) {
  const { baseUrl, feed } = plan
  const exchange = registry[feed.exchange](baseUrl)
  const limiter = yield* ConnectLimiter
  yield* limiter.acquire(feed.exchange, exchange.limits.connectAttempts)
  const question = probe(exchange, feed, waitMillis).pipe(
    Effect.map(() => `first ${feed.dataType === "trade" ? "trade" : "order book"} of ${feed.symbol}`),
    Effect.mapError((error) => {
      const advice = adviceFor(error, exchange, plan)
      return {
        answer: error._tag === "HandshakeRefused" || error._tag === "SubscriptionRejected" ? "REFUSED" : "NO ANSWER",
        trouble: advice === "" ? error.message : `${error.message}; ${advice}`
      }
    })
  )
  return yield* ask(`${feed.exchange} ${printableUrl(exchange.url([feed]))}`, question)
})
