import { Schema } from "effect"
import { defaults } from "./defaults.ts"
import { amount, key, oneOf, secondsOfSilence, Switch, table, text, whole } from "./keys.ts"
import { MarketTable } from "./MarketTable.ts"

// What a shell or another program would replace, or is no path at all, would become a folder of that name.
const folder = text(
  "a path of a folder, without ~ or variables, which nobody replaces here",
  /^(?!\s*(?:~|\$|%|[A-Za-z][A-Za-z0-9+.-]*:\/\/))(?=.*\S)[^\p{Cc}\p{Cs}]+$/u
)

/** Where files are written. */
export const DataDir = folder

const secondsOfRetry = amount("seconds", 3600)
const secondsOfStop = amount("seconds", 3600)
/** A TCP port to listen on; 0 for any that is free. */
export const Port = Schema.Int.annotate({ expected: "a port from 0 to 65535" }).check(
  Schema.isBetween({ minimum: 0, maximum: 65_535 }, { expected: "a port from 0 to 65535" })
)

/** An address to listen on, or a name that stands for one. */
export const HostName = text("a host name or an address", /^[^\s\p{Cc}\p{Cs}]+$/u)

const serverName =
  "one path segment of at most 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit, no date"

/** Becomes one segment of every path of this recorder, so nothing that could leave the folder. */
export const HomeServerName = text(serverName, /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/u).check(
  // The segment after it is the day, and a path must tell the two apart.
  Schema.makeFilter((name) => !/^\d{4}-\d{2}-\d{2}$/.test(name), { expected: serverName })
)

/** The name of a bucket, by the looser rules of stores other than Amazon's. */
export const Bucket = text("3 to 63 letters, digits, dots, dashes and underscores", /^[A-Za-z0-9._-]{3,63}$/u)

/** The name of a region, as far as it can be checked without a list. */
export const Region = text("the name of a region in letters, digits and dashes", /^[A-Za-z0-9-]{1,63}$/u)

const { aws, http, logging, shutdown, storage, upload, websocket } = defaults

/** The recorder's own connections. */
export const WebSocketTable = table("[websocket]", "The connections to the venues.", {
  message_timeout_secs: key(
    secondsOfSilence,
    "Seconds without market data before a feed is reported as stale; after three times as long it reconnects. Pings and heartbeats do not count as data.",
    websocket.message_timeout_secs
  ),
  initial_retry_delay_secs: key(
    secondsOfRetry,
    "Seconds before the first new attempt after a connection was lost; doubles with each further attempt, plus or minus a quarter.",
    websocket.initial_retry_delay_secs
  ),
  max_retry_delay_secs: key(
    secondsOfRetry,
    "Seconds that no delay between two attempts exceeds.",
    websocket.max_retry_delay_secs
  ),
  queue_capacity: key(
    whole("events", 1, 10_000_000),
    "Events that may wait in memory between the socket and the file, for each feed; more are dropped and counted.",
    websocket.queue_capacity
  )
})

/** The files, and how much may be in memory before they are written. */
export const StorageTable = table("[storage]", "The files, and where they go.", {
  mode: key(
    oneOf(["local", "s3", "both"]),
    "Where sealed files go: \"local\" to local_path, \"s3\" to the bucket of [aws], \"both\" to both. A file leaves data_dir when it is proven to be there.",
    storage.mode
  ),
  data_dir: key(DataDir, "Folder in which files are written; DATA_DIR wins.", storage.data_dir),
  local_path: key(
    folder,
    "Folder that sealed files are moved to in the modes local and both; apart from data_dir.",
    storage.local_path
  ),
  max_file_age_secs: key(
    amount("seconds", 604_800),
    "Seconds after which a file is sealed and the next one begins.",
    storage.max_file_age_secs
  ),
  max_file_size_mb: key(
    amount("MB", 102_400),
    "Megabytes (of 1,048,576 bytes) after which a file is sealed and the next one begins.",
    storage.max_file_size_mb
  ),
  commit_interval_ms: key(
    whole("milliseconds", 1, 60_000),
    "Milliseconds between two commits of received rows to the journal, for all feeds together: what a crash may lose.",
    storage.commit_interval_ms
  ),
  memory_budget_mb: key(
    whole("MB", 1, 65_536),
    "Megabytes (of 1,048,576 bytes) of rows that may be in memory, for all feeds together, compressed ones included.",
    storage.memory_budget_mb
  )
})

/** The object store. */
export const AwsTable = table(
  "[aws]",
  "The store of the modes s3 and both; home_server_name is in use in every mode.",
  {
    region: key(Region, "Region of the bucket; AWS_REGION wins.", aws.region),
    bucket: key(
      Bucket,
      "Bucket that sealed files go to; created if it is missing. BUCKET_NAME wins.",
      aws.bucket
    ),
    home_server_name: key(
      HomeServerName,
      "Extra folder in the path of each file, for recorders that run beside each other; HOME_SERVER_NAME wins. No default."
    ),
    endpoint: key(
      text("an http:// or https:// URL", /^[^\s\p{Cs}]+$/u),
      "URL of another store that speaks S3. No default: Amazon's own."
    ),
    force_path_style: key(
      Switch,
      "Whether the bucket stands in the path of the URL instead of in the host name, as most other stores want it.",
      aws.force_path_style
    )
  }
)

/** The way of sealed files to the object store. */
export const UploadTable = table("[upload]", "How sealed files move on, to local_path and to S3 alike.", {
  queue_capacity: key(
    whole("files", 1, 1_000_000),
    "Sealed files that may wait in memory for their turn; those beyond are found again on disk.",
    upload.queue_capacity
  ),
  max_attempts: key(
    whole("attempts", 1, 1000),
    "Attempts for each file in a row, before it has to wait for the next look at the disk.",
    upload.max_attempts
  ),
  initial_retry_delay_secs: key(
    secondsOfRetry,
    "Seconds before the second attempt; doubles with each further one.",
    upload.initial_retry_delay_secs
  ),
  max_retry_delay_secs: key(
    secondsOfRetry,
    "Seconds that no delay between two attempts exceeds.",
    upload.max_retry_delay_secs
  )
})

const HttpTable = table("[http]", "Metrics, health and the live page.", {
  host: key(
    HostName,
    "Address to serve metrics, health and the live page on; METRICS_HOST wins. 0.0.0.0 is every address of this machine.",
    http.host
  ),
  port: key(Port, "Port to serve them on, 0 for any that is free; METRICS_PORT wins.", http.port)
})

const LoggingTable = table("[logging]", "What the recorder says.", {
  dir: key(
    folder,
    "Folder for log files, one JSON object a line; the same lines go to the terminal as text. LOG_LEVEL says from which level on.",
    logging.dir
  ),
  retention_days: key(
    whole("days", 1, 3650),
    "Days, UTC, that log files are kept beside those of the present day.",
    logging.retention_days
  ),
  max_file_size_mb: key(
    whole("MB", 1, 102_400),
    "Megabytes (of 1,048,576 bytes) after which another file of the same day begins.",
    logging.max_file_size_mb
  )
})

const ShutdownTable = table("[shutdown]", "How long a stop may take.", {
  websocket_secs: key(
    secondsOfStop,
    "Seconds that a stop waits at most for connections to close.",
    shutdown.websocket_secs
  ),
  storage_secs: key(
    secondsOfStop,
    "Seconds that it then waits at most for files to be written and sealed.",
    shutdown.storage_secs
  ),
  upload_secs: key(
    secondsOfStop,
    "Seconds that it then waits at most for sealed files to be stored; the next start finds the others.",
    shutdown.upload_secs
  )
})

/** How many processes may share a file: each has connections, a port and a data folder of its own. */
const maxShards = 1000

/** Where a process stands among those that share the file. */
export const ShardIndex = whole("processes, counted from 0,", 0, maxShards - 1)

/** How many processes share the file. */
export const ShardCount = whole("processes", 1, maxShards)

export const ShardTable = table(
  "[shard]",
  "Several processes that share this file: each records its share of the feeds.",
  {
    index: key(
      ShardIndex,
      "Which of them this process is, from 0 to count - 1; SHARD_INDEX wins, which may also be a name that ends in -2 or the like, as pods have. No default: all feeds."
    ),
    count: key(
      ShardCount,
      "How many processes there are, the same for all of them; SHARD_COUNT wins. No default."
    )
  }
)

/** The file as it is written; unknown keys are errors, and every key but `markets` may be missing. */
export const ConfigFile = Schema.Struct({
  websocket: Schema.optionalKey(WebSocketTable),
  storage: Schema.optionalKey(StorageTable),
  aws: Schema.optionalKey(AwsTable),
  upload: Schema.optionalKey(UploadTable),
  http: Schema.optionalKey(HttpTable),
  logging: Schema.optionalKey(LoggingTable),
  shutdown: Schema.optionalKey(ShutdownTable),
  shard: Schema.optionalKey(ShardTable),
  markets: Schema.Array(MarketTable).check(
    Schema.isMinLength(1, { expected: "at least one [[markets]]" })
  )
})
/** What the file says once it is decoded. */
export type ConfigFile = typeof ConfigFile.Type
