import type { Config } from "../../config/Config.ts"
import { printableUrl } from "../../feeds/printableUrl.ts"
import { alignedTable } from "../alignedTable.ts"

const feedTable = ({ feeds }: Config): string =>
  alignedTable([
    ["exchange", "symbol", "data type", "timeout", "url"],
    ...feeds.map(({ feed, messageTimeoutSecs, baseUrl }) => [
      feed.exchange,
      feed.symbol,
      feed.dataType,
      `${messageTimeoutSecs} s`,
      baseUrl === null ? "the venue's own" : printableUrl(baseUrl)
    ])
  ])

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
  const { path, feeds, storage, logging, credentials } = config
  return alignedTable([
    ["config", path],
    ["feeds", String(feeds.length)],
    ["storage", storage.mode],
    ["written in", storage.dataDir],
    ...stores(config),
    ["log level", logging.level],
    ["log files", `${logging.dir}, kept ${logging.retentionDays} ${logging.retentionDays === 1 ? "day" : "days"}`],
    ["Coinbase key", credentials.coinbase === null ? "none: public access" : "configured"],
    ["AWS key", credentials.aws === null ? "none: the AWS SDK's own credential chain" : "configured"]
  ])
}

/** What `check` prints for a configuration that can be used; never the value of a secret. */
export const report = (config: Config): string => `${feedTable(config)}\n\n${summary(config)}`
