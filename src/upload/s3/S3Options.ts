import type { Redacted } from "effect"

/** Which store, and how it is spoken to. */
export interface S3Options {
  readonly region: string
  readonly bucket: string
  /** Null for Amazon's own. */
  readonly endpoint: string | null
  readonly forcePathStyle: boolean
  /** Null for the AWS SDK's own credential chain. */
  readonly credentials: {
    readonly accessKeyId: Redacted.Redacted
    readonly secretAccessKey: Redacted.Redacted
  } | null
  readonly connectTimeoutMillis: number
  /** For one request, beside the time that its bytes may take. */
  readonly requestTimeoutMillis: number
  /** A body that moves slower than this is given up. */
  readonly slowestBytesPerSecond: number
  /** Files of this size and more go in parts. */
  readonly multipartFromBytes: number
  readonly partBytes: number
  /** Parts of one file sent at a time; each of them is in memory meanwhile. */
  readonly partsAtATime: number
}

/** What holds unless the caller says otherwise. */
export const defaults = {
  connectTimeoutMillis: 10_000,
  requestTimeoutMillis: 30_000,
  slowestBytesPerSecond: 50_000,
  multipartFromBytes: 16 * 1024 * 1024,
  partBytes: 8 * 1024 * 1024,
  partsAtATime: 2
} as const satisfies Partial<S3Options>
