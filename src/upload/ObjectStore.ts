import { Context, type Effect, Schema } from "effect"

/** A file could not be stored; `retryable` says whether the same call may succeed later without anybody's help. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  key: Schema.String,
  retryable: Schema.Boolean,
  /** Completes "<key> is not stored: ". */
  explanation: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return `${this.key} is not stored: ${this.explanation}`
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
