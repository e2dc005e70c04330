import * as Feed from "../domain/Feed.ts"
import type { Config, MarketConfig } from "./Config.ts"
import { type ConfigFile, defaults } from "./ConfigFile.ts"
import { dataTypes } from "./marketChecks.ts"
import type { Overrides } from "./Overrides.ts"
import type { Secrets } from "./Secrets.ts"

const bytesOfMegabyte = 1024 * 1024

/** Fills in the defaults and lets the environment override the file. */
export const resolveConfig = (path: string, file: ConfigFile, overrides: Overrides, secrets: Secrets): Config => {
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
    baseUrl: market.base_url ?? null,
    messageTimeoutSecs: market.data_timeout_secs ?? websocket.message_timeout_secs
  }))
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
      dataDir: storage.data_dir,
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
    http: { host: http.host, port: overrides.metricsPort ?? http.port },
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
    feeds: markets.flatMap(({ exchange, symbols, dataTypes, baseUrl, messageTimeoutSecs }) =>
      symbols.flatMap((symbol) =>
        dataTypes.map((dataType) => ({ feed: Feed.make(exchange, symbol, dataType), baseUrl, messageTimeoutSecs }))
      )
    ),
    credentials: { coinbase: secrets.coinbase, aws: secrets.aws }
  }
}
