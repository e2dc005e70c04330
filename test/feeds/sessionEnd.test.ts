import { assert, describe, it } from "@effect/vitest"
import type { GapCause } from "../../src/domain/Gap.ts"
import { BookBroken } from "../../src/feeds/BookBroken.ts"
import { ConnectFailed, ConnectionClosed, HandshakeRefused } from "../../src/feeds/Connection.ts"
import { ConnectionSilent } from "../../src/feeds/Keepalive.ts"
import { CircuitBroken, type SessionError, SubscriptionRejected } from "../../src/feeds/Session.ts"
import { gapCause, reconnectReason } from "../../src/feeds/sessionEnd.ts"
import { TokenError } from "../../src/feeds/Tokens.ts"
import { MarketDataTimeout } from "../../src/feeds/Watchdog.ts"
import type { ReconnectReason } from "../../src/telemetry/Telemetry.ts"

const ends: ReadonlyArray<readonly [SessionError | null, ReconnectReason, GapCause]> = [
  [new ConnectFailed({ url: "ws://x", cause: null }), "connect_failed", "connect_failing"],
  [
    new HandshakeRefused({ url: "ws://x", status: 429, body: "", retryAfterMillis: null, advice: "" }),
    "refused",
    "connect_failing"
  ],
  [new ConnectionClosed({ code: 1006, reason: "" }), "closed", "disconnected"],
  [new ConnectionSilent({ silentMillis: 1 }), "silent", "disconnected"],
  [new MarketDataTimeout({ quietMillis: 1 }), "stale", "stale"],
  [new SubscriptionRejected({ symbol: "X", reason: "" }), "rejected", "subscription_rejected"],
  [new CircuitBroken({ lastReason: "" }), "unreadable", "circuit_break"],
  [new BookBroken({ missing: null, why: "sequence_gap" }), "gap", "sequence_gap"],
  [new BookBroken({ missing: null, why: "disk" }), "gap", "disk"],
  [new TokenError({ reason: "no key" }), "token", "connect_failing"],
  [null, "bug", "disconnected"]
]

describe("the end of a session", () => {
  for (const [error, reason, cause] of ends) {
    it(`by ${error?._tag ?? "a bug"} is counted as ${reason}, and a gap after it is for ${cause}`, () => {
      assert.strictEqual(reconnectReason(error), reason)
      assert.strictEqual(gapCause(error), cause)
    })
  }
})
