import { Cause, Clock, Duration, Effect, Fiber, Option, Scheduler } from "effect"
import * as FeedJudge from "./FeedJudge.ts"
import type { Feed } from "../domain/Feed.ts"
import { feedLabels } from "../domain/feedLabels.ts"
import type { Exchange } from "../exchanges/Exchange.ts"
import type { Sink } from "../sinks/Sink.ts"
import type { FeedStats, ReconnectReason } from "../telemetry/Telemetry.ts"
import * as Backoff from "./Backoff.ts"
import type { HandshakeRefused } from "./Connection.ts"
import { ConnectLimiter } from "./ConnectLimiter.ts"
import * as EventQueue from "./EventQueue.ts"
import type { FeedOutage } from "./OutageLog.ts"
import { printable } from "./printable.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import { secondsText } from "../runtime/secondsText.ts"
import * as Session from "./Session.ts"

export interface Options {
  readonly backoff: Backoff.Options
  /** Events that may wait for the sink; what comes beyond is dropped and counted. */
  readonly queueCapacity: number
  readonly messageTimeoutSecs: number
  /** Told when the feed is without data, and when it delivers again. */
  readonly outage: FeedOutage
}

/** How long a run must have delivered for the delays between attempts to start afresh. */
export const healthyMillis = 30_000

const reasons: Readonly<Record<Session.SessionError["_tag"], ReconnectReason>> = {
  ConnectFailed: "connect_failed",
  HandshakeRefused: "refused",
  ConnectionClosed: "closed",
  ConnectionSilent: "silent",
  MarketDataTimeout: "stale",
  SubscriptionRejected: "rejected",
  CircuitBroken: "unreadable",
  BookBroken: "gap",
  TokenError: "token"
}

/** Records one feed for ever: connects, reconnects, and passes what comes to the sink. Interruption drains the queue. */
export const record = Effect.fnUntraced(
  function*(exchange: Exchange, feed: Feed, sink: Sink, stats: FeedStats, options: Options) {
    const queue = yield* EventQueue.make(options.queueCapacity)
    const writer = yield* write(queue, sink, stats).pipe(
      Effect.provideService(Scheduler.Scheduler, EventQueue.prompt),
      Effect.forkChild({ startImmediately: true })
    )
    const judge = FeedJudge.make(exchange.channels[feed.dataType].continuity, stats.sequence)
    const session = (onOpen: () => void) =>
      Session.run(exchange, feed, {
        ...Session.defaults,
        messageTimeoutSecs: options.messageTimeoutSecs,
        stats,
        outage: options.outage,
        offer: (events) => {
          const taken = queue.offer(events)
          if (taken) stats.eventsQueued += events.length
          return taken
        },
        judge,
        onOpen
      })
    return yield* Backoff.keepRunning({
      attempt: attempt(exchange, session, stats),
      schedule: Backoff.schedule(options.backoff),
      onWait: (delay) =>
        Effect.gen(function*() {
          const now = yield* Clock.currentTimeMillis
          stats.nextAttemptAt = now + Duration.toMillis(delay)
          const reason = stats.reason ?? "the connection ended"
          yield* options.outage.lost(reason, `${reason}; next attempt in ${secondsText(Duration.toMillis(delay))}`)
            .pipe(
              Effect.annotateLogs("connection", stats.connections)
            )
        })
    }).pipe(Effect.ensuring(Effect.andThen(queue.end, Fiber.await(writer))))
  },
  (effect, _exchange, feed) => Effect.annotateLogs(effect, feedLabels(feed))
)

/** Passes events to the sink until the queue has ended and is empty. A bug is counted and logged, what it cost is counted by the sink. */
const write = Effect.fnUntraced(function*(queue: EventQueue.EventQueue, sink: Sink, stats: FeedStats) {
  while (true) {
    const batch = yield* queue.take
    stats.eventsQueued -= batch.length
    const lostBefore = stats.rowsLost
    yield* Effect.catchCause(sink.append(batch), (cause) => {
      stats.defects++
      const lost = stats.rowsLost - lostBefore
      return Effect.logError(`${lost} of ${batch.length} rows were lost to a bug; recording goes on`, cause)
    })
  }
}, Effect.catchTag("Done", () => Effect.void))

/** One session, and what its end means for the next one. */
const attempt = Effect.fnUntraced(
  function*<R>(
    exchange: Exchange,
    session: (onOpen: () => void) => Effect.Effect<never, Session.SessionError, R>,
    stats: FeedStats
  ) {
    const clock = yield* Clock.Clock
    const eventsBefore = stats.events
    // From the open connection on: the wait for a venue's limit says nothing about its health.
    let openedAt: number | null = null
    stats.nextAttemptAt = null
    const cause = yield* Effect.flip(Effect.sandbox(session(() => {
      openedAt = monotonicMillis(clock)
    })))
    if (Cause.hasInterruptsOnly(cause)) return yield* Effect.interrupt
    const now = clock.currentTimeMillisUnsafe()
    const error = Option.getOrNull(Cause.findErrorOption(cause))
    stats.state = "waiting"
    stats.stateSince = now
    stats.reconnects++
    stats.reconnectsBy[error === null ? "bug" : reasons[error._tag]]++
    if (error === null) {
      stats.defects++
      stats.reason = "a bug ended the session"
      yield* Effect.logError("a bug ended the session; the feed connects again", cause).pipe(
        Effect.annotateLogs("connection", stats.connections)
      )
    } else {
      stats.reason = printable(error.message, 500)
      if (error._tag === "HandshakeRefused") yield* heedRefusal(exchange, error)
      if (error._tag === "SubscriptionRejected") {
        stats.rejections++
        stats.state = "rejected"
      }
    }
    const ranMillis = openedAt === null ? 0 : monotonicMillis(clock) - openedAt
    // A book is asked for anew on a connection that was well: nothing is to be waited for.
    const healthy = error?._tag === "BookBroken" || (stats.events > eventsBefore && ranMillis >= healthyMillis)
    return { healthy, retrySlowly: error?._tag === "SubscriptionRejected" }
  }
)

/** Stops all attempts to the venue for as long as it asked for. */
const heedRefusal = Effect.fnUntraced(function*(exchange: Exchange, refusal: HandshakeRefused) {
  const millis = refusal.retryAfterMillis ?? exchange.limits.pauseMillis[refusal.status]
  if (millis === undefined) return
  const limiter = yield* ConnectLimiter
  if (!(yield* limiter.pause(exchange.venue, millis))) return
  const seconds = Math.ceil(millis / 1000)
  yield* Effect.logWarning(`${exchange.venue} answers HTTP ${refusal.status}: no feed of it connects for ${seconds} s`)
})
