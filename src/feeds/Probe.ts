import { Clock, Deferred, Effect, Option, Schema } from "effect"
import type { Event } from "../domain/Event.ts"
import type { Feed } from "../domain/Feed.ts"
import type { Exchange } from "../exchanges/Exchange.ts"
import { connect } from "./Connection.ts"
import { printable } from "./printable.ts"
import { makeReceiveClock } from "./ReceiveClock.ts"
import { SubscriptionRejected } from "./Session.ts"
import { Tokens } from "./Tokens.ts"

/** The venue took the subscription, and then nothing came of it. */
export class NoMarketData extends Schema.TaggedError<NoMarketData>()("NoMarketData", {
  symbol: Schema.String,
  seconds: Schema.Finite,
  /** What came instead and could not be read, or empty. */
  unreadable: Schema.String
}) {
  override get message() {
    const instead = this.unreadable === "" ? "" : `; what came cannot be read: ${this.unreadable}`
    return `no market data of ${this.symbol} within ${this.seconds} s${instead}`
  }
}

/** How long a venue may take to open a connection, and then again to deliver. */
export const patienceMillis = 10_000

/** Asks a venue once for one feed, as a session would: its first event, or why there is none. The caller asks the ConnectLimiter. */
export const probe = Effect.fn("Probe.probe")(
  function*(exchange: Exchange, feed: Feed, waitMillis: number = patienceMillis) {
    const clock = yield* Clock.Clock
    const tokens = yield* Tokens
    const parse = exchange.parser([feed])
    const receiveClock = makeReceiveClock(clock)
    const heard = Deferred.makeUnsafe<Event, SubscriptionRejected>()
    let unreadable = ""
    const connection = yield* connect({
      url: exchange.url([feed]),
      maxFrameBytes: exchange.limits.maxFrameBytes,
      openTimeout: waitMillis,
      closeTimeout: "1 second",
      refusalAdvice: exchange.refusalAdvice,
      nowMillis: () => clock.currentTimeMillisUnsafe(),
      onMessage: (bytes) => {
        const { control, events, problems } = parse({ bytes, receivedAtMicros: receiveClock.nowMicros() })
        const [event] = events
        if (event !== undefined) return void Deferred.doneUnsafe(heard, Effect.succeed(event))
        if (control?._tag === "Rejected") {
          const reason = printable(control.reason)
          const rejected = new SubscriptionRejected({ symbol: feed.symbol, reason })
          return void Deferred.doneUnsafe(heard, Effect.fail(rejected))
        }
        for (const problem of problems) if (problem._tag === "Malformed") unreadable = printable(problem.reason)
      },
      onPong: () => {},
      onBytes: () => {}
    })
    const subscribe = Effect.gen(function*() {
      for (const [index, frame] of exchange.subscribe([feed]).entries()) {
        if (index > 0) yield* Effect.sleep(exchange.limits.sendSpacingMillis)
        yield* connection.send(frame(exchange.usesToken ? yield* tokens.next(exchange.venue) : null))
      }
      return yield* Effect.never
    })
    const first = yield* Effect.raceAllFirst([Deferred.await(heard), connection.closed, subscribe]).pipe(
      Effect.timeoutOption(waitMillis)
    )
    if (Option.isSome(first)) return first.value
    return yield* new NoMarketData({ symbol: feed.symbol, seconds: waitMillis / 1000, unreadable })
  },
  Effect.scoped
)
