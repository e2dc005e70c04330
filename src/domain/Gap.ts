import { Schema } from "effect"

/** Why events of a feed are, or may be, missing. The list is closed: readers may rely on it. */
export const GapCause = Schema.Literals([
  /** The connection ended, or was given up because nothing came any more. */
  "disconnected",
  /** No market data came for too long, so that the connection was given up. */
  "stale",
  /** No connection came about. */
  "connect_failing",
  /** The venue refused the subscription. */
  "subscription_rejected",
  /** The venue's own numbers have a hole. */
  "sequence_gap",
  /** Events came faster than they could be written. */
  "queue_overflow",
  /** Frames could not be read. */
  "parse_errors",
  /** Too many frames could not be read, so that the connection was given up. */
  "circuit_break",
  /** The disk did not take rows, or lost them. */
  "disk",
  /** The recorder was stopped, or the feed was taken out of its configuration. */
  "recorder_stopped",
  /** The recorder ended without stopping: a kill, a crash, a power cut. */
  "recorder_crashed",
  /** The venue announced that it would end the connection, and did before another one delivered. */
  "venue_notice",
  /** The feed has not delivered anything since it was first recorded. */
  "never_subscribed"
])
export type GapCause = typeof GapCause.Type

/**
 * - `open`: events may be missing from `openedMicros` on, and that has not ended
 * - `missing`: it has ended; what is missing is known as far as the venue's numbers tell
 * - `repaired`: what was missing has been fetched afterwards, and counted
 * - `dismissed`: nothing is missing after all
 */
export const GapStatus = Schema.Literals(["open", "missing", "repaired", "dismissed"])
export type GapStatus = typeof GapStatus.Type

/** A span of one feed in which events are, or must be assumed to be, missing. Times are receive times, microseconds since the epoch. */
export const Gap = Schema.Struct({
  /** Unique among the gaps of a symbol. */
  id: Schema.String,
  /** Rises with each row about the same gap: the highest one tells how things stand. */
  revision: Schema.Int,
  dataType: Schema.Literals(["orderbook", "trade"]),
  cause: GapCause,
  status: GapStatus,
  /** When the last event before it was received. */
  openedMicros: Schema.Int,
  /** When the first event after it was received; null while it is open. */
  closedMicros: Schema.NullOr(Schema.Int),
  /** The first and the last id that are missing, both ends included; null where the venue's numbers do not tell. */
  firstMissingId: Schema.NullOr(Schema.String),
  lastMissingId: Schema.NullOr(Schema.String),
  /** Events that are still missing; null where nobody can tell. */
  missing: Schema.NullOr(Schema.Int),
  /** Events that were missing and came late or were fetched. */
  recovered: Schema.Int,
  /** Numbers of the connections before and after it; null where there was none. */
  connectionBefore: Schema.NullOr(Schema.Int),
  connectionAfter: Schema.NullOr(Schema.Int)
})
export interface Gap extends Schema.Schema.Type<typeof Gap> {}
