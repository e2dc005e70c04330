import { Context, type Effect, Schema } from "effect"

/**
 * Why a file is not stored. `Conflict`: other content has its key. `Credentials`, `Clock`, `Region`, `Bucket`, `Forbidden`: as the
 * store is set up here or there, it refuses us. `Endpoint`: what answers is no store. `Unreachable`: no answer. `Unavailable`: not at this time, or no access to the
 * file. `Unproven`: the store took it and does not show all of it. `Unusable`: it will never take this.
 */
export const StoreErrorReason = Schema.Literals([
  "Conflict",
  "Credentials",
  "Clock",
  "Region",
  "Bucket",
  "Forbidden",
  "Endpoint",
  "Unreachable",
  "Unavailable",
  "Unproven",
  "Unusable"
])
/** Why a file is not stored. */
export type StoreErrorReason = typeof StoreErrorReason.Type

// A clock is among them because the S3 client corrects itself by the store's time.
const passing: ReadonlySet<StoreErrorReason> = new Set(["Clock", "Unreachable", "Unavailable", "Unproven"])

/** A file could not be stored. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  key: Schema.String,
  reason: StoreErrorReason,
  /** Completes "<key> is not stored: ". */
  explanation: Schema.String,
  /** How long the store asks to be left alone. */
  retryAfterMillis: Schema.optionalKey(Schema.Finite),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return `${this.key} is not stored: ${this.explanation}`
  }

  /** Whether the same call may succeed soon without anybody's help. */
  get retryable(): boolean {
    return passing.has(this.reason)
  }
}

/** What a store has proven to hold. */
export interface Stored {
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** Where sealed files are kept for good. */
export class ObjectStore extends Context.Service<ObjectStore, {
  /**
   * Stores the file at `localPath` as `key` and proves that the store has all of it. May be repeated at any point: what is
   * there and equal counts as stored, what is there and different is never overwritten.
   */
  readonly put: (key: string, localPath: string) => Effect.Effect<Stored, StoreError>
}>()("ticklake/ObjectStore") {}
