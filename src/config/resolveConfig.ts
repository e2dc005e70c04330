import * as Feed from "../domain/Feed.ts"
import type { DataType } from "../domain/Feed.ts"
import { indexOf, type Shard } from "../domain/Shard.ts"
import type { Config, FeedConfig, MarketConfig } from "./Config.ts"
import type { ConfigFile } from "./ConfigFile.ts"
import { defaults } from "./defaults.ts"
import { dataTypes } from "./marketChecks.ts"
import type { Overrides } from "./Overrides.ts"
import type { Secrets } from "./Secrets.ts"

const bytesOfMegabyte = 1024 * 1024

const feedConfig = (market: MarketConfig, symbol: string, dataType: DataType): FeedConfig => ({
  feed: Feed.make(market.exchange, symbol, dataType),
  baseUrls: market.baseUrls,
  // Messages of Coinbase's books carry no number that two connections share, so nothing could merge them.
  paths: market.exchange === "coinbase" && dataType === "orderbook" ? 1 : market.paths,
  repair: market.repair,
  restUrl: market.restUrl,
  messageTimeoutSecs: market.messageTimeoutSecs,
  completenessObjective: market.completenessObjective
})

/** Fills in the defaults, lets the environment override the file, and picks the feeds of `shard`; null for all of them. */
export const resolveConfig = (
  path: string,
  file: ConfigFile,
  overrides: Overrides,
  secrets: Secrets,
  shard: Shard | null = null
): Config => {
  const websocket = { ...defaults.websocket, ...file.websocket }
  const storage = { ...defaults.storage, ...file.storage }
  const aws = { ...defaults.aws, ...file.aws }
  const upload = { ...defaults.upload, ...file.upload }
  const http = { ...defaults.http, ...file.http }
  const logging = { ...defaults.logging, ...file.logging }
  const shutdown = { ...defaults.shutdown, ...file.shutdown }
  const markets = file.markets.map((market): MarketConfig => ({
    exchange: market.exchange,
    symbols: market.symbols,
    dataTypes: (market.feeds ?? defaults.market.feeds).map((name) => dataTypes[name]),
    baseUrls: market.base_urls ?? (market.base_url === undefined ? [] : [market.base_url]),
    paths: market.paths ?? defaults.market.paths,
    repair: market.repair ?? defaults.market.repair,
    restUrl: market.rest_url ?? null,
    messageTimeoutSecs: market.data_timeout_secs ?? websocket.message_timeout_secs,
    completenessObjective: market.completeness_objective ?? defaults.market.completeness_objective
  }))
  const allFeeds = markets.flatMap((market) =>
    market.symbols.flatMap((symbol) => market.dataTypes.map((dataType) => feedConfig(market, symbol, dataType)))
  )
  return {
    path,
    websocket: {
      messageTimeoutSecs: websocket.message_timeout_secs,
      initialRetryDelaySecs: websocket.initial_retry_delay_secs,
      maxRetryDelaySecs: websocket.max_retry_delay_secs,
      queueCapacity: websocket.queue_capacity
    },
    storage: {
      mode: storage.mode,
      dataDir: overrides.dataDir ?? storage.data_dir,
      localPath: storage.local_path,
      maxFileAgeSecs: storage.max_file_age_secs,
      maxFileBytes: Math.ceil(storage.max_file_size_mb * bytesOfMegabyte),
      commitIntervalMillis: storage.commit_interval_ms,
      memoryBudgetBytes: storage.memory_budget_mb * bytesOfMegabyte
    },
    aws: {
      region: overrides.awsRegion ?? aws.region,
      bucket: overrides.bucketName ?? aws.bucket,
      homeServerName: overrides.homeServerName ?? aws.home_server_name ?? null,
      endpoint: aws.endpoint ?? null,
      forcePathStyle: aws.force_path_style
    },
    upload: {
      queueCapacity: upload.queue_capacity,
      maxAttempts: upload.max_attempts,
      initialRetryDelaySecs: upload.initial_retry_delay_secs,
      maxRetryDelaySecs: upload.max_retry_delay_secs
    },
    http: { host: overrides.metricsHost ?? http.host, port: overrides.metricsPort ?? http.port },
    logging: {
      dir: logging.dir,
      retentionDays: logging.retention_days,
      maxFileBytes: logging.max_file_size_mb * bytesOfMegabyte,
      level: overrides.logLevel ?? "Info"
    },
    shutdown: {
      websocketSecs: shutdown.websocket_secs,
      storageSecs: shutdown.storage_secs,
      uploadSecs: shutdown.upload_secs
    },
    markets,
    shard,
    feeds: shard === null ? allFeeds : allFeeds.filter(({ feed }) => indexOf(feed, shard.count) === shard.index),
    allFeeds,
    credentials: { coinbase: secrets.coinbase, aws: secrets.aws }
  }
}
