import { Schema } from "effect"
import { Venue } from "../domain/Venue.ts"

/** What a key that is not in the file stands for. */
export const defaults = {
  websocket: {
    message_timeout_secs: 120,
    initial_retry_delay_secs: 1,
    max_retry_delay_secs: 60,
    queue_capacity: 1000
  },
  storage: {
    mode: "local",
    data_dir: "data/parquet",
    local_path: "data/archive",
    max_file_age_secs: 3600,
    max_file_size_mb: 500,
    commit_interval_ms: 1000,
    memory_budget_mb: 64
  },
  aws: { region: "us-east-1", bucket: "market-data", force_path_style: false },
  upload: { queue_capacity: 1000, max_attempts: 5, initial_retry_delay_secs: 1, max_retry_delay_secs: 30 },
  http: { host: "127.0.0.1", port: 9090 },
  logging: { dir: "logs", retention_days: 1, max_file_size_mb: 64 },
  shutdown: { websocket_secs: 10, storage_secs: 30, upload_secs: 60 },
  market: { feeds: ["orderbook", "trades"] }
} as const

const text = (expected: string, pattern: RegExp) => Schema.String.check(Schema.isPattern(pattern, { expected }))

const whole = (unit: string, minimum: number, maximum: number) => {
  const expected = `a whole number of ${unit} from ${minimum} to ${maximum}`
  return Schema.Int.annotate({ expected }).check(Schema.isBetween({ minimum, maximum }, { expected }))
}

const amount = (unit: string, maximum: number) => {
  const expected = `a number of ${unit} above 0 and at most ${maximum}`
  return Schema.Finite.annotate({ expected }).check(
    Schema.isBetween({ minimum: 0, maximum, exclusiveMinimum: true }, { expected })
  )
}

const oneOf = <const L extends ReadonlyArray<string>>(literals: L) =>
  Schema.Literals(literals).annotate({ expected: `one of ${literals.map((literal) => `"${literal}"`).join(", ")}` })

const table = <const F extends Schema.Struct.Fields>(name: string, fields: F) =>
  Schema.Struct(fields).annotate({ expected: `a table, ${name}` })

const key = Schema.optionalKey
const folder = text("a path of a folder", /^[^\p{Cc}\p{Cs}]+$/u)
const secondsOfRetry = amount("seconds", 3600)
const secondsOfStop = amount("seconds", 3600)
/** How long a market may be silent; a quiet one for a week. */
const secondsOfSilence = amount("seconds", 604_800)

/** A TCP port to listen on. */
export const Port = Schema.Int.annotate({ expected: "a port from 1 to 65535" }).check(
  Schema.isBetween({ minimum: 1, maximum: 65_535 }, { expected: "a port from 1 to 65535" })
)

const serverName =
  "one path segment of at most 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit, no date"

/** Becomes one segment of every path of this recorder, so nothing that could leave the folder. */
export const HomeServerName = text(serverName, /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/).check(
  // The segment after it is the day, and a path must tell the two apart.
  Schema.makeFilter((name) => !/^\d{4}-\d{2}-\d{2}$/.test(name), { expected: serverName })
)

/** The name of a bucket, by the looser rules of stores other than Amazon's. */
export const Bucket = text("3 to 63 letters, digits, dots, dashes and underscores", /^[A-Za-z0-9._-]{3,63}$/)

/** The name of a region, as far as it can be checked without a list. */
export const Region = text("the name of a region in letters, digits and dashes", /^[A-Za-z0-9-]{1,63}$/)

/** The recorder's own connections. */
export const WebSocketTable = table("[websocket]", {
  message_timeout_secs: key(secondsOfSilence),
  initial_retry_delay_secs: key(secondsOfRetry),
  max_retry_delay_secs: key(secondsOfRetry),
  queue_capacity: key(whole("events", 1, 10_000_000))
})

/** The files, and how much may be in memory before they are written. */
export const StorageTable = table("[storage]", {
  mode: key(oneOf(["local", "s3", "both"])),
  data_dir: key(folder),
  local_path: key(folder),
  max_file_age_secs: key(amount("seconds", 604_800)),
  max_file_size_mb: key(amount("MB", 102_400)),
  commit_interval_ms: key(whole("milliseconds", 1, 60_000)),
  memory_budget_mb: key(whole("MB", 1, 65_536))
})

/** The object store. */
export const AwsTable = table("[aws]", {
  region: key(Region),
  bucket: key(Bucket),
  home_server_name: key(HomeServerName),
  endpoint: key(text("an http:// or https:// URL", /^[^\s\p{Cs}]+$/u)),
  force_path_style: key(Schema.Boolean.annotate({ expected: "true or false" }))
})

/** The way of sealed files to the object store. */
export const UploadTable = table("[upload]", {
  queue_capacity: key(whole("files", 1, 1_000_000)),
  max_attempts: key(whole("attempts", 1, 1000)),
  initial_retry_delay_secs: key(secondsOfRetry),
  max_retry_delay_secs: key(secondsOfRetry)
})

/** Which data types a market's symbols are recorded for. */
export const FeedName = oneOf(["orderbook", "trades"])

const feedNames = "a list of \"orderbook\" and \"trades\", each at most once and not empty"

/** Some symbols of one venue. */
export const MarketTable = table("[[markets]]", {
  exchange: oneOf(Venue.literals),
  symbols: Schema.Array(text("a symbol in quotes", /^\P{Cs}+$/u)).check(
    Schema.isMinLength(1, { expected: "at least one symbol" })
  ),
  feeds: key(
    Schema.Array(FeedName).check(
      Schema.isMinLength(1, { expected: feedNames }),
      Schema.isUnique({ expected: feedNames })
    )
  ),
  base_url: key(text("a ws:// or wss:// URL", /^[^\s\p{Cs}]+$/u)),
  data_timeout_secs: key(secondsOfSilence)
})

/** The file as it is written; unknown keys are errors, and every key but `markets` may be missing. */
export const ConfigFile = Schema.Struct({
  websocket: key(WebSocketTable),
  storage: key(StorageTable),
  aws: key(AwsTable),
  upload: key(UploadTable),
  http: key(
    table("[http]", { host: key(text("a host name or an address", /^[^\s\p{Cc}\p{Cs}]+$/u)), port: key(Port) })
  ),
  logging: key(table("[logging]", {
    dir: key(folder),
    retention_days: key(whole("days", 1, 3650)),
    max_file_size_mb: key(whole("MB", 1, 102_400))
  })),
  shutdown: key(table("[shutdown]", {
    websocket_secs: key(secondsOfStop),
    storage_secs: key(secondsOfStop),
    upload_secs: key(secondsOfStop)
  })),
  markets: Schema.Array(MarketTable).check(
    Schema.isMinLength(1, { expected: "at least one [[markets]]" })
  )
})
/** What the file says once it is decoded. */
export type ConfigFile = typeof ConfigFile.Type
