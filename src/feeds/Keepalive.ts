import { Effect, Schema } from "effect"
import type { Keepalive } from "../exchanges/Exchange.ts"
import { toWholeSecond } from "./wholeSecond.ts"

/** Nothing at all was heard from the venue although it was asked, or owed a heartbeat. */
export class ConnectionSilent extends Schema.TaggedError<ConnectionSilent>()("ConnectionSilent", {
  silentMillis: Schema.Finite
}) {
  override get message() {
    return `nothing was heard from the venue for ${
      Math.round(this.silentMillis)
    } ms, not even a pong: the connection is dead`
  }
}

/** What the keepalive needs to know and do; times are monotonic milliseconds. */
export interface Line {
  readonly nowMillis: () => number
  readonly sendPing: () => void
  /** When anything at all was last heard. */
  readonly lastHeard: () => number
  readonly lastPong: () => number
  /** A ping stayed unanswered although the venue goes on sending. */
  readonly onMissingPong: Effect.Effect<void>
}

/**
 * Pings along the venue's rule for ever, and fails when the line is dead. A missing pong alone does not end a
 * connection that delivers: behind a flood of messages a pong may simply be late.
 */
export const keepAlive = (rule: Keepalive, line: Line): Effect.Effect<never, ConnectionSilent> =>
  rule.heartbeatWithinMillis === null
    ? ping(rule, line)
    : Effect.raceFirst(ping(rule, line), expectHeartbeats(rule.heartbeatWithinMillis, line))

const ping = Effect.fnUntraced(function*(rule: Keepalive, line: Line) {
  while (true) {
    yield* Effect.sleep(toWholeSecond(line.nowMillis(), rule.everyMillis - rule.replyWithinMillis))
    const pingedAt = line.nowMillis()
    line.sendPing()
    yield* Effect.sleep(toWholeSecond(line.nowMillis(), rule.replyWithinMillis))
    if (line.lastPong() >= pingedAt) continue
    if (line.lastHeard() < pingedAt) {
      return yield* new ConnectionSilent({ silentMillis: line.nowMillis() - line.lastHeard() })
    }
    yield* line.onMissingPong
  }
})

const expectHeartbeats = Effect.fnUntraced(function*(withinMillis: number, line: Line) {
  while (true) {
    const silentMillis = line.nowMillis() - line.lastHeard()
    if (silentMillis >= withinMillis) return yield* new ConnectionSilent({ silentMillis })
    yield* Effect.sleep(withinMillis - silentMillis)
  }
})
