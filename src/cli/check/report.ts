import type { Config, FeedConfig } from "../../config/Config.ts"
import { indexOf, shardText } from "../../domain/Shard.ts"
import { registry } from "../../exchanges/registry.ts"
import { printableUrl } from "../../feeds/printableUrl.ts"
import { alignedTable } from "../alignedTable.ts"

/** Where missed trades of a feed are asked for. */
const repairText = ({ baseUrls, feed, repair, restUrl }: FeedConfig): string => {
  if (feed.dataType === "orderbook") return "-"
  if (!repair) return "not asked for"
  const history = registry[feed.exchange](baseUrls[0] ?? null).tradeHistory?.(restUrl)
  if (history === undefined) return "cannot be asked for"
  return printableUrl(
    history.first({ symbol: feed.symbol, afterId: "0", beforeId: "2", afterMicros: 0, beforeMicros: 0 })
  )
}

const feedTable = ({ feeds }: Config): string =>
  alignedTable([
    ["exchange", "symbol", "data type", "timeout", "paths", "url", "missed trades"],
    ...feeds.map((plan) => [
      plan.feed.exchange,
      plan.feed.symbol,
      plan.feed.dataType,
      `${plan.messageTimeoutSecs} s`,
      String(plan.paths),
      plan.baseUrls.length === 0 ? "the venue's own" : plan.baseUrls.slice(0, plan.paths).map(printableUrl).join(", "),
      repairText(plan)
    ])
  ], ["paths"])

/** What the table shows otherwise than it was written. */
const notes = ({ feeds, markets, shard }: Config): ReadonlyArray<string> => [
  ...(markets.some((market) =>
      market.exchange === "coinbase" && market.paths > 1 && market.dataTypes.includes("orderbook")
    )
    ? ["Order books of Coinbase have one path, whatever paths says: nothing tells which messages of two are the same."]
    : []),
  ...(shard !== null && feeds.length === 0
    ? ["None of the feeds is for this process: it would run, be ready, and record nothing. Fewer processes would do."]
    : [])
]

/** What this process records of all, and how the feeds are spread over the others. */
const share = ({ allFeeds, feeds, shard }: Config): ReadonlyArray<ReadonlyArray<string>> => {
  if (shard === null) return [["feeds", String(feeds.length)]]
  const counts = Array.from({ length: shard.count }, () => 0)
  for (const { feed } of allFeeds) counts[indexOf(feed, shard.count)]!++
  return [
    ["feeds", `${feeds.length} of ${allFeeds.length}, those of ${shardText(shard)}`],
    ["feeds of each", counts.join(", ")]
  ]
}

/** Where sealed files go by the configured mode. */
const stores = ({ aws, storage }: Config): ReadonlyArray<ReadonlyArray<string>> => [
  ...(storage.mode === "s3" ? [] : [["sealed files", storage.localPath]]),
  ...(storage.mode === "local" ? [] : [
    ["bucket", aws.bucket],
    ["region", aws.region],
    ["endpoint", `${aws.endpoint ?? "Amazon's own"}${aws.forcePathStyle ? ", path style" : ""}`]
  ])
]

const summary = (config: Config): string => {
  const { aws, credentials, http, logging, path, storage } = config
  return alignedTable([
    ["config", path],
    ...share(config),
    ["storage", storage.mode],
    ["written in", storage.dataDir],
    ...stores(config),
    ["home server", aws.homeServerName ?? "none"],
    ["served on", `${http.host}, ${http.port === 0 ? "a port that is free" : `port ${http.port}`}`],
    ["log level", logging.level],
    ["log files", `${logging.dir}, kept ${logging.retentionDays} ${logging.retentionDays === 1 ? "day" : "days"}`],
    ["Coinbase key", credentials.coinbase === null ? "none: public access" : "configured"],
    ["AWS key", credentials.aws === null ? "none: the AWS SDK's own credential chain" : "configured"]
  ])
}

/** What `check` prints for a configuration that can be used; never the value of a secret. */
export const report = (config: Config): string => [feedTable(config), ...notes(config), summary(config)].join("\n\n")
