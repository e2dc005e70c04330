import { Clock, Deferred, type Duration, Effect, Latch, Schema } from "effect"
import type { Feed } from "../domain/Feed.ts"
import type { Control, Exchange } from "../exchanges/Exchange.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import { secondsText } from "../runtime/secondsText.ts"
import type { FeedState, FeedStats } from "../telemetry/Telemetry.ts"
import { UnparsedFrames } from "../telemetry/UnparsedFrames.ts"
import { BookBroken, type Hole, holeText } from "./BookBroken.ts"
import { makeCircuitBreaker } from "./CircuitBreaker.ts"
import { connect, type ConnectFailed, type ConnectionClosed, type HandshakeRefused } from "./Connection.ts"
import { ConnectLimiter } from "./ConnectLimiter.ts"
import type { ConnectionIntake } from "./ConnectionIntake.ts"
import { type ConnectionSilent, keepAlive } from "./Keepalive.ts"
import { printable, sample } from "./printable.ts"
import { makeProblemLog } from "./ProblemLog.ts"
import { makeReceiveClock } from "./ReceiveClock.ts"
import { type TokenError, Tokens } from "./Tokens.ts"
import { type MarketDataTimeout, watch } from "./Watchdog.ts"

/** The venue refused the subscription. */
export class SubscriptionRejected extends Schema.TaggedError<SubscriptionRejected>()("SubscriptionRejected", {
  symbol: Schema.String,
  /** In the venue's words. */
  reason: Schema.String
}) {
  override get message() {
    return `the venue rejects the subscription to ${this.symbol}: ${this.reason}`
  }
}

/** Too many frames of a connection did not parse. */
export class CircuitBroken extends Schema.TaggedError<CircuitBroken>()("CircuitBroken", {
  lastReason: Schema.String
}) {
  override get message() {
    return `half of the frames or more do not parse (last: ${this.lastReason})`
  }
}

/** Everything that ends a session. */
export type SessionError =
  | ConnectFailed
  | HandshakeRefused
  | ConnectionClosed
  | ConnectionSilent
  | MarketDataTimeout
  | SubscriptionRejected
  | CircuitBroken
  | BookBroken
  | TokenError

export interface Options {
  readonly messageTimeoutSecs: number
  readonly openTimeout: Duration.Input
  readonly closeTimeout: Duration.Input
}

/** How long opening and closing a connection may take. */
export const defaults = { openTimeout: "10 seconds", closeTimeout: "3 seconds" } as const

/** What a session tells of, and asks, whoever runs it. */
export interface Owner {
  readonly stats: FeedStats
  /** The connection is open: what it brings goes to the answer. */
  readonly join: (connection: number) => ConnectionIntake
  /** Where the session stands. */
  readonly onState: (state: FeedState) => void
  /** Data comes, the first or the first after a silence; `text` is the line for it. */
  readonly onData: (text: string) => Effect.Effect<void>
  /** No data has come for a while, for `reason`; `text` is the line for it. */
  readonly onSilence: (reason: string, text: string) => Effect.Effect<void>
  /** The venue announces that it will end the connection. */
  readonly onClosingNotice: () => void
  /**
   * The session has ended and is about to close its connection, over which nothing at all has come for so long; what comes until it is
   * closed is still taken.
   */
  readonly onClosing: (quietMillis: number) => void
  /** The session is over, and its connection closed where it had one. */
  readonly onClosed: () => void
  /** Whether a book with a hole may be asked for anew, by monotonic milliseconds. */
  readonly mayAskAnew: (nowMillis: number) => boolean
}

/** From then on a subscription that was not refused is in force, though the market may be quiet. */
const inForceAfter = "10 seconds"

/** One connection of a feed, from the permission to connect until its end. Ends only by failing. */
export const run = Effect.fn("Session.run")(function*(exchange: Exchange, feed: Feed, options: Options & Owner) {
  const { stats } = options
  const clock = yield* Clock.Clock
  const limiter = yield* ConnectLimiter
  const tokens = yield* Tokens
  const unparsed = yield* UnparsedFrames
  const subscriptions = [feed]
  const parse = exchange.parser(subscriptions)
  const receiveClock = makeReceiveClock(clock)
  const breaker = makeCircuitBreaker()
  const problems = yield* makeProblemLog()
  const failed = Deferred.makeUnsafe<never, SubscriptionRejected | CircuitBroken | BookBroken>()
  const delivering = yield* Latch.make(false)
  const now = () => monotonicMillis(clock)
  let lastHeard = now()
  let lastPong = lastHeard
  let lastData = lastHeard
  let openedAt = lastHeard
  let returned = ""
  let state: FeedState = "connecting"
  let joined: ConnectionIntake | null = null
  /** A venue may send in the same breath as it opens the connection, before anybody else hears of that. */
  const intake = () => joined ??= options.join(number)

  const setState = (to: FeedState) => {
    state = to
    options.onState(to)
  }
  const onPong = () => {
    lastHeard = lastPong = now()
    stats.pongsReceived++
  }
  const onControl = (control: Control) => {
    switch (control._tag) {
      case "Pong":
        return onPong()
      case "Rejected": {
        const reason = printable(control.reason)
        if (state === "live") {
          // Data is better evidence than words: what was refused is not this subscription.
          stats.notices++
          return problems.report({ kind: "notice", text: () => `the venue refuses something, but delivers: ${reason}` })
        }
        return Deferred.doneUnsafe(failed, Effect.fail(new SubscriptionRejected({ symbol: feed.symbol, reason })))
      }
      case "Notice": {
        const consequence = control.closing ? "; the venue will close the connection, another one takes its place" : ""
        stats.notices++
        if (control.closing) options.onClosingNotice()
        const text = `notice ${printable(control.code)}: ${printable(control.message)}${consequence}`
        return problems.report({ kind: "notice", text: () => text })
      }
      case "Acknowledged":
      case "Heartbeat":
      case "Ignorable":
        return
    }
  }
  let broken: BookBroken | null = null
  const onGap = ({ missing, why }: Hole) => {
    // A book may have been whole again in between, and then lack changes for another reason.
    if (feed.dataType === "orderbook" && broken?.why !== why) broken = new BookBroken({ missing, why })
  }
  const onMessage = (bytes: Buffer) => {
    const receivedAtMicros = receiveClock.nowMicros()
    const heardAt = now()
    stats.frames++
    const parsed = parse({ bytes, receivedAtMicros })
    let malformed: string | null = null
    for (const problem of parsed.problems) {
      if (problem._tag === "Malformed") {
        malformed = problem.reason
        stats.parseErrors++
        const { reason } = problem
        problems.report({
          kind: "malformed",
          text: () => `not recorded, and the feed goes on: ${printable(reason)}, in the frame ${sample(bytes)}`
        })
      } else {
        stats.unrequested++
        const { subject } = problem
        problems.report({
          kind: "unrequested",
          text: () => `not recorded, for nobody asked for it, and the feed goes on: ${printable(subject)}`
        })
      }
    }
    if (malformed !== null) unparsed.keep(stats, receivedAtMicros, malformed, bytes)
    if (breaker.record(malformed === null, heardAt) && malformed !== null) {
      const broken = new CircuitBroken({ lastReason: printable(malformed) })
      if (Deferred.doneUnsafe(failed, Effect.fail(broken))) stats.circuitBreaks++
    }
    if (parsed.control !== null) onControl(parsed.control)
    if (malformed !== null) intake().unreadable()
    if (parsed.events.length === 0 && parsed.connectionSequence === null) return
    const gap = intake().receive(parsed.events, parsed.connectionSequence, heardAt)
    if (gap !== null) onGap(gap)
    if (broken !== null && options.mayAskAnew(heardAt)) Deferred.doneUnsafe(failed, Effect.fail(broken))
    else if (gap !== null) problems.report({ kind: "gap", text: () => holeText(gap) })
    if (parsed.events.length === 0) return
    if (state !== "live") {
      returned = state === "stale"
        ? `delivers again after ${Math.round((heardAt - lastData) / 1000)} s without market data`
        : stats.connections === 1
        ? "delivers"
        : `delivers again, ${secondsText(heardAt - openedAt)} after connecting`
      setState("live")
      delivering.openUnsafe()
    }
    lastData = heardAt
    stats.lastEventAt = Math.floor(receivedAtMicros / 1000)
  }

  let number = 0
  // Before the connection, so that it runs when that has been closed, and also where there never is one.
  yield* Effect.addFinalizer(() => Effect.sync(options.onClosed))
  setState("connecting")
  yield* limiter.acquire(exchange.venue, exchange.limits.connectAttempts)
  number = ++stats.connections
  yield* Effect.annotateLogsScoped("connection", number)
  const connection = yield* connect({
    url: exchange.url(subscriptions),
    maxFrameBytes: exchange.limits.maxFrameBytes,
    openTimeout: options.openTimeout,
    closeTimeout: options.closeTimeout,
    refusalAdvice: exchange.refusalAdvice,
    nowMillis: () => clock.currentTimeMillisUnsafe(),
    onMessage,
    onPong,
    // A message of megabytes may take longer than any pong: bytes are life.
    onBytes: () => {
      lastHeard = now()
    }
  })
  openedAt =
    lastHeard =
    lastPong =
    lastData =
      now()
  const { counts } = intake()
  if (state === "connecting") setState("subscribing")
  // After a failure too: a stop may come while a connection to a dead peer is still closing, long after anything was heard.
  yield* Effect.addFinalizer(() => Effect.sync(() => options.onClosing(now() - lastHeard)))
  yield* Effect.logDebug("connected")

  const subscribe = Effect.gen(function*() {
    const frames = exchange.subscribe(subscriptions)
    for (const [index, frame] of frames.entries()) {
      if (index > 0) yield* Effect.sleep(exchange.limits.sendSpacingMillis)
      const token = exchange.usesToken ? yield* tokens.next(exchange.venue) : null
      yield* connection.send(frame(token))
    }
    lastData = now()
    yield* Effect.sleep(inForceAfter)
    counts()
    return yield* Effect.never
  })

  const reportReturn = Effect.forever(Effect.gen(function*() {
    yield* delivering.await
    delivering.closeUnsafe()
    yield* options.onData(returned)
  }))
  const ping = exchange.keepalive.ping
  return yield* Effect.raceAllFirst([
    connection.closed,
    Deferred.await(failed),
    subscribe,
    reportReturn,
    problems.run,
    keepAlive(exchange.keepalive, {
      nowMillis: now,
      sendPing: () => {
        stats.pingsSent++
        if (ping._tag === "PingFrame") connection.pingUnsafe()
        else connection.sendUnsafe(ping.text)
      },
      lastHeard: () => lastHeard,
      lastPong: () => lastPong,
      onMissingPong: Effect.suspend(() => {
        stats.pongsMissed++
        return Effect.logDebug("a ping was not answered in time although the venue goes on sending")
      })
    }),
    watch({
      timeoutMillis: options.messageTimeoutSecs * 1000,
      nowMillis: now,
      lastData: () => lastData,
      onQuiet: (quietMillis) =>
        Effect.suspend(() => {
          stats.timeouts++
          setState("stale")
          const reason = `no market data for ${Math.round(quietMillis / 1000)} s`
          return options.onSilence(reason, `${reason}; reconnecting after ${options.messageTimeoutSecs * 3} s`)
        })
    })
  ])
}, Effect.scoped)
