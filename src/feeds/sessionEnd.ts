import { Effect } from "effect"
import type { GapCause } from "../domain/Gap.ts"
import type { Exchange } from "../exchanges/Exchange.ts"
import type { ReconnectReason } from "../telemetry/Telemetry.ts"
import type { HandshakeRefused } from "./Connection.ts"
import { ConnectLimiter } from "./ConnectLimiter.ts"
import type { SessionError } from "./Session.ts"

const meanings: Readonly<Record<SessionError["_tag"], { readonly reason: ReconnectReason; readonly cause: GapCause }>> =
  {
    ConnectFailed: { reason: "connect_failed", cause: "connect_failing" },
    HandshakeRefused: { reason: "refused", cause: "connect_failing" },
    ConnectionClosed: { reason: "closed", cause: "disconnected" },
    ConnectionSilent: { reason: "silent", cause: "disconnected" },
    MarketDataTimeout: { reason: "stale", cause: "stale" },
    SubscriptionRejected: { reason: "rejected", cause: "subscription_rejected" },
    CircuitBroken: { reason: "unreadable", cause: "circuit_break" },
    // It says itself why.
    BookBroken: { reason: "gap", cause: "sequence_gap" },
    TokenError: { reason: "token", cause: "connect_failing" }
  }

/** What a connection's end is counted as; null is a bug. */
export const reconnectReason = (error: SessionError | null): ReconnectReason =>
  error === null ? "bug" : meanings[error._tag].reason

/** Why events may be missing after a connection's end; null is a bug. */
export const gapCause = (error: SessionError | null): GapCause => {
  if (error === null) return "disconnected"
  return error._tag === "BookBroken" ? error.why : meanings[error._tag].cause
}

/** Stops all attempts to the venue for as long as it asked for. */
export const heedRefusal = Effect.fnUntraced(function*(exchange: Exchange, refusal: HandshakeRefused) {
  const millis = refusal.retryAfterMillis ?? exchange.limits.pauseMillis[refusal.status]
  if (millis === undefined) return
  const limiter = yield* ConnectLimiter
  if (!(yield* limiter.pause(exchange.venue, millis))) return
  const seconds = Math.ceil(millis / 1000)
  yield* Effect.logWarning(`${exchange.venue} answers HTTP ${refusal.status}: no feed of it connects for ${seconds} s`)
})
