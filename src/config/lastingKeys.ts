import { Redacted } from "effect"
import type { Config } from "./Config.ts"

const secretOf = (secret: Redacted.Redacted | undefined): string | null =>
  secret === undefined ? null : Redacted.value(secret)

/** What a running recorder keeps from its start, under the names that the operator gives it. */
export const lastingKeys: Readonly<Record<string, (config: Config) => string | number | boolean | null>> = {
  "websocket.initial_retry_delay_secs": ({ websocket }) => websocket.initialRetryDelaySecs,
  "websocket.max_retry_delay_secs": ({ websocket }) => websocket.maxRetryDelaySecs,
  "websocket.queue_capacity": ({ websocket }) => websocket.queueCapacity,
  "storage.mode": ({ storage }) => storage.mode,
  "storage.data_dir": ({ storage }) => storage.dataDir,
  "storage.local_path": ({ storage }) => storage.localPath,
  "storage.max_file_age_secs": ({ storage }) => storage.maxFileAgeSecs,
  "storage.max_file_size_mb": ({ storage }) => storage.maxFileBytes,
  "storage.commit_interval_ms": ({ storage }) => storage.commitIntervalMillis,
  "storage.memory_budget_mb": ({ storage }) => storage.memoryBudgetBytes,
  "aws.region": ({ aws }) => aws.region,
  "aws.bucket": ({ aws }) => aws.bucket,
  "aws.home_server_name": ({ aws }) => aws.homeServerName,
  "aws.endpoint": ({ aws }) => aws.endpoint,
  "aws.force_path_style": ({ aws }) => aws.forcePathStyle,
  "upload.queue_capacity": ({ upload }) => upload.queueCapacity,
  "upload.max_attempts": ({ upload }) => upload.maxAttempts,
  "upload.initial_retry_delay_secs": ({ upload }) => upload.initialRetryDelaySecs,
  "upload.max_retry_delay_secs": ({ upload }) => upload.maxRetryDelaySecs,
  "http.host": ({ http }) => http.host,
  "http.port": ({ http }) => http.port,
  "logging.dir": ({ logging }) => logging.dir,
  "logging.retention_days": ({ logging }) => logging.retentionDays,
  "logging.max_file_size_mb": ({ logging }) => logging.maxFileBytes,
  "LOG_LEVEL": ({ logging }) => logging.level,
  "shutdown.websocket_secs": ({ shutdown }) => shutdown.websocketSecs,
  "shutdown.storage_secs": ({ shutdown }) => shutdown.storageSecs,
  "shutdown.upload_secs": ({ shutdown }) => shutdown.uploadSecs,
  "AWS_ACCESS_KEY": ({ credentials: { aws } }) => secretOf(aws?.accessKeyId),
  "AWS_SECRET_KEY": ({ credentials: { aws } }) => secretOf(aws?.secretAccessKey),
  "COINBASE_API_KEY": ({ credentials: { coinbase } }) => coinbase?.keyName ?? null,
  "COINBASE_API_SECRET": ({ credentials: { coinbase } }) => secretOf(coinbase?.secret)
}

/** The names of what differs between two configurations and waits for the next start. */
export const waitingForStart = (running: Config, next: Config): ReadonlyArray<string> =>
  Object.entries(lastingKeys).flatMap(([name, valueOf]) => valueOf(running) === valueOf(next) ? [] : [name])
