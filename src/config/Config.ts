import type { LogLevel, Redacted } from "effect"
import type { DataType, Feed } from "../domain/Feed.ts"
import type { Shard } from "../domain/Shard.ts"
import type { Venue } from "../domain/Venue.ts"

/** One feed to record, with what its market says about its connection. */
export interface FeedConfig {
  readonly feed: Feed
  /** Where its connections go, the first to the first and so on in turn; empty for the venue's own URL. */
  readonly baseUrls: ReadonlyArray<string>
  /** Connections at the same time; always 1 where nothing could merge them, whatever the market says. */
  readonly paths: number
  /** Whether trades that were missed are asked for afterwards. */
  readonly repair: boolean
  /** Where they are asked for; null for the host that goes with `baseUrls`. */
  readonly restUrl: string | null
  /** How long the feed may be without market data before it is reported, with the market's override applied. */
  readonly messageTimeoutSecs: number
  /** Share that is to be recorded, 0 to 1; 0 for none in particular. */
  readonly completenessObjective: number
}

/** One `[[markets]]` table with its defaults filled in. */
export interface MarketConfig {
  readonly exchange: Venue
  readonly symbols: ReadonlyArray<string>
  readonly dataTypes: ReadonlyArray<DataType>
  readonly baseUrls: ReadonlyArray<string>
  readonly paths: number
  readonly repair: boolean
  readonly restUrl: string | null
  readonly messageTimeoutSecs: number
  readonly completenessObjective: number
}

/** What Coinbase calls a CDP key: the name goes into the token, the secret signs it. */
export interface CoinbaseCredentials {
  readonly keyName: string
  /** An EC P-256 private key as PEM text with real line breaks. */
  readonly secret: Redacted.Redacted
}

/** A key for S3, in place of the AWS SDK's own credential chain. */
export interface AwsCredentials {
  readonly accessKeyId: Redacted.Redacted
  readonly secretAccessKey: Redacted.Redacted
}

/** The file and the environment together, checked, with every default filled in and every unit in the name. */
export interface Config {
  /** The file it came from. */
  readonly path: string
  readonly websocket: {
    readonly messageTimeoutSecs: number
    readonly initialRetryDelaySecs: number
    readonly maxRetryDelaySecs: number
    /** Events of one feed. */
    readonly queueCapacity: number
  }
  readonly storage: {
    readonly mode: "local" | "s3" | "both"
    readonly dataDir: string
    readonly localPath: string
    readonly maxFileAgeSecs: number
    readonly maxFileBytes: number
    readonly commitIntervalMillis: number
    /** Of the whole process. */
    readonly memoryBudgetBytes: number
  }
  readonly aws: {
    readonly region: string
    readonly bucket: string
    readonly homeServerName: string | null
    /** Null for Amazon's own. */
    readonly endpoint: string | null
    readonly forcePathStyle: boolean
  }
  readonly upload: {
    /** Files that wait. */
    readonly queueCapacity: number
    readonly maxAttempts: number
    readonly initialRetryDelaySecs: number
    readonly maxRetryDelaySecs: number
  }
  readonly http: { readonly host: string; readonly port: number }
  readonly logging: {
    readonly dir: string
    readonly retentionDays: number
    readonly maxFileBytes: number
    readonly level: LogLevel.LogLevel
  }
  readonly shutdown: { readonly websocketSecs: number; readonly storageSecs: number; readonly uploadSecs: number }
  readonly markets: ReadonlyArray<MarketConfig>
  /** Null where this process records everything. */
  readonly shard: Shard | null
  /** What this process records: every feed once, in the order of the file. */
  readonly feeds: ReadonlyArray<FeedConfig>
  /** Those of all processes that share the file. */
  readonly allFeeds: ReadonlyArray<FeedConfig>
  readonly credentials: {
    /** Null where none are configured: Coinbase is then used without a key. */
    readonly coinbase: CoinbaseCredentials | null
    /** Null where none are configured: the AWS SDK's own credential chain applies. */
    readonly aws: AwsCredentials | null
  }
}
