import { Cause, Clock, Deferred, Duration, Effect, Exit, Fiber, Option, Random, type Scope } from "effect"
import type { Feed } from "../domain/Feed.ts"
import type { Exchange } from "../exchanges/Exchange.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import { secondsText } from "../runtime/secondsText.ts"
import type { FeedStats } from "../telemetry/Telemetry.ts"
import * as Backoff from "./Backoff.ts"
import { ConnectLimiter } from "./ConnectLimiter.ts"
import type { ConnectionIntake } from "./ConnectionIntake.ts"
import type { FeedIntake } from "./FeedIntake.ts"
import type { FeedStates } from "./FeedStates.ts"
import type { FeedOutage } from "./OutageLog.ts"
import { printable } from "./printable.ts"
import * as Session from "./Session.ts"
import { gapCause, heedRefusal, reconnectReason } from "./sessionEnd.ts"
import { tellOpenGap } from "./tellOpenGap.ts"
import type { Tokens } from "./Tokens.ts"
import { withConnections } from "./withConnections.ts"

/** What all paths of a feed share. */
export interface Options {
  readonly feed: Feed
  /** Which of the feed's paths it is, from 0 on. */
  readonly index: number
  readonly stats: FeedStats
  readonly states: FeedStates
  readonly intake: FeedIntake
  readonly outage: FeedOutage
  readonly backoff: Backoff.Options
  readonly messageTimeoutSecs: () => number
  readonly mayAskAnew: (nowMillis: number) => boolean
}

/** How long a run must have delivered for the delays between attempts to start afresh. */
export const healthyMillis = 30_000

/** The shares of a connection's lifetime between which it is replaced, each at a moment of its own, and at the latest. */
const replaceAt = { earliest: 0.8, latest: 0.95, withoutTurn: 0.98 }

/** How often it is looked whether a successor delivers. */
const lookEveryMillis = 50

/** One connection, open or about to be. */
interface Running {
  readonly exchange: Exchange
  readonly fiber: Fiber.Fiber<never, Session.SessionError>
  readonly startedAt: number
  /** What is known of it once it is open. */
  readonly joined: () =>
    | { readonly intake: ConnectionIntake; readonly connection: number; readonly openedAt: number }
    | null
  /** The venue has announced its end. */
  readonly noticed: () => boolean
  /** Another one is to take its place, for this reason. */
  readonly replace: Deferred.Deferred<string>
  /** Closes it without anything being missed. */
  readonly retire: Effect.Effect<void>
}

/** How one connection of a path ended: by itself, or another one took its place. */
type Outcome =
  | { readonly _tag: "Ended"; readonly running: Running; readonly exit: Exit.Exit<never, Session.SessionError> }
  | { readonly _tag: "Replaced"; readonly by: Running }

/** One path of a feed. */
export interface Path {
  /**
   * Keeps one connection for ever: after a failure another one after a pause, and where its end is foreseen another one before it.
   */
  readonly run: Effect.Effect<never, never, ConnectLimiter | Tokens>
  /** Has the connection replaced, for this reason, by one to what `exchange` answers then. */
  readonly replace: (reason: string) => void
  /** The path is about to be interrupted while others go on. */
  readonly leaving: () => void
}

export const make = Effect.fnUntraced(function*(exchange: () => Exchange, options: Options) {
  const { backoff, feed, index, intake, outage, states, stats } = options
  const clock = yield* Clock.Clock
  const limiter = yield* ConnectLimiter
  const path = {}
  const open = new Set<object>()
  let current: Running | null = null
  let upcoming: Running | null = null
  let leaving = false

  /** Notes whether one of its connections is open. */
  const setOpen = (key: object, isOpen: boolean) => {
    if (isOpen) {
      open.add(key)
      states.opened(key)
    } else {
      open.delete(key)
      states.remove(key)
    }
    const own = stats.paths[index]
    if (own !== undefined) own.connected = open.size > 0
  }

  /** `scope` closes the connection. */
  const start = Effect.fnUntraced(function*(scope: Scope.Scope) {
    const key = {}
    const to = exchange()
    const replace = Deferred.makeUnsafe<string>()
    let joined: ReturnType<Running["joined"]> = null
    let noticed = false
    let retired = false
    states.remove(path)
    const fiber = yield* Effect.forkIn(
      Session.run(to, feed, {
        ...Session.defaults,
        messageTimeoutSecs: options.messageTimeoutSecs(),
        stats,
        join: (connection) => {
          joined = { intake: intake.join(connection, index), connection, openedAt: monotonicMillis(clock) }
          setOpen(key, true)
          return joined.intake
        },
        onState: (state) => states.set(key, state),
        onData: (text) => outage.delivers(text),
        onSilence: (reason, text) => states.live ? Effect.logDebug(text) : outage.lost(reason, text),
        onClosingNotice: () => {
          noticed = true
          Deferred.doneUnsafe(replace, Effect.succeed("the venue announced its end"))
        },
        onClosing: (quietMillis) => {
          if (!retired && !leaving) intake.stopping(quietMillis)
        },
        onClosed: () => {
          setOpen(key, false)
          if (leaving) joined?.intake.leave(null)
        },
        mayAskAnew: options.mayAskAnew
      }),
      scope
    )
    const running: Running = {
      exchange: to,
      fiber,
      startedAt: monotonicMillis(clock),
      joined: () => joined,
      noticed: () => noticed,
      replace,
      retire: Effect.suspend(() => {
        retired = true
        stats.reconnects++
        stats.reconnectsBy.handover++
        return Effect.andThen(Fiber.interrupt(fiber), Effect.sync(() => joined?.intake.leave(null)))
      })
    }
    return running
  })

  /** Waits until its lifetime makes it time for another one; nothing where it has none. */
  const aged = ({ exchange: { limits: { maxLifetimeMillis: lifetime } } }: Running) =>
    lifetime === null ? [] : [
      Random.nextBetween(lifetime * replaceAt.earliest, lifetime * replaceAt.latest).pipe(
        Effect.flatMap(Effect.sleep),
        Effect.as(lifetime)
      )
    ]

  const delivers = (running: Running) =>
    Effect.gen(function*() {
      while (running.joined()?.intake.takesOver(monotonicMillis(clock)) !== true) yield* Effect.sleep(lookEveryMillis)
    })

  const endOf = (running: Running) =>
    Effect.map(Fiber.await(running.fiber), (exit): Outcome => ({ _tag: "Ended", running, exit }))

  /** Brings about another connection and then closes `old`; where that ends first, the other one goes on alone. */
  const handOver = Effect.fnUntraced(function*(scope: Scope.Scope, old: Running, reason: string) {
    const startedAt = monotonicMillis(clock)
    let pause = backoff.initialSecs * 1000
    while (true) {
      const next = upcoming = yield* start(scope)
      const outcome = yield* Effect.raceAllFirst([
        Effect.as(delivers(next), "delivers" as const),
        endOf(next),
        endOf(old)
      ])
      if (outcome === "delivers") {
        current = next
        yield* old.retire
        yield* Effect.logInfo(
          `connection ${next.joined()?.connection ?? 0} took the place of ${old.joined()?.connection ?? 0} after ${
            secondsText(monotonicMillis(clock) - startedAt)
          }, for ${reason}`
        )
        return { _tag: "Replaced", by: next } satisfies Outcome
      }
      if (outcome._tag === "Ended" && outcome.running === old) {
        yield* ended(old, outcome.exit)
        if (!states.live) {
          const why = stats.reason ?? "the connection ended"
          yield* outage.lost(why, `${why}; another connection is about to take its place`)
        }
        return { _tag: "Replaced", by: next } satisfies Outcome
      }
      if (outcome._tag === "Ended") yield* ended(next, outcome.exit)
      yield* Effect.logWarning(
        `the connection that is to be replaced, for ${reason}, goes on; next attempt in ${secondsText(pause)}`
      )
      const meanwhile = yield* Effect.timeoutOption(endOf(old), pause)
      if (Option.isSome(meanwhile)) return meanwhile.value
      pause = Math.min(pause * 2, backoff.maxSecs * 1000)
    }
  })

  /** Runs until the connection has ended, or another one has taken its place. */
  const lead = Effect.fnUntraced(function*(scope: Scope.Scope, running: Running) {
    current = running
    upcoming = null
    const asked = Deferred.await(running.replace)
    const why = yield* Effect.raceAllFirst([endOf(running), asked, ...aged(running)])
    if (typeof why === "object") return why
    if (typeof why === "string") return yield* handOver(scope, running, why)
    const patience = Math.max(0, why * replaceAt.withoutTurn - (monotonicMillis(clock) - running.startedAt))
    return yield* Effect.scoped(Effect.gen(function*() {
      // It may be over, or the venue may end it, before its turn comes.
      const turn = yield* Effect.raceAllFirst([endOf(running), asked, limiter.takeTurn(feed.exchange, patience)])
      return typeof turn === "object" ? turn : yield* handOver(scope, running, turn ?? "its age")
    }))
  })

  /** What the end of a connection means for the next one. */
  const ended = Effect.fnUntraced(function*(running: Running, exit: Exit.Exit<never, Session.SessionError>) {
    const cause = Exit.isFailure(exit) ? exit.cause : Cause.empty
    const joined = running.joined()
    const error = Option.getOrNull(Cause.findErrorOption(cause))
    stats.reconnects++
    stats.reconnectsBy[reconnectReason(error)]++
    const missed = running.noticed() ? "venue_notice" : gapCause(error)
    if (joined === null) intake.failed(missed)
    else joined.intake.leave(missed)
    yield* tellOpenGap(intake)
    let rejected = false
    if (error === null) {
      stats.defects++
      stats.reason = "a bug ended the session"
      yield* Effect.logError("a bug ended the session; the feed connects again", cause).pipe(
        Effect.annotateLogs("connection", stats.connections)
      )
    } else {
      if (!states.live) stats.reason = printable(error.message, 500)
      if (error._tag === "HandshakeRefused") yield* heedRefusal(running.exchange, error)
      if (error._tag === "SubscriptionRejected") {
        stats.rejections++
        rejected = true
      }
    }
    return { error, rejected, openedAt: joined?.openedAt ?? null }
  })

  const attempt = withConnections(Effect.fnUntraced(function*(scope: Scope.Scope) {
    const eventsBefore = stats.events
    if (!states.live) stats.nextAttemptAt = null
    let running = yield* start(scope)
    let outcome = yield* lead(scope, running)
    while (outcome._tag === "Replaced") {
      running = outcome.by
      outcome = yield* lead(scope, running)
    }
    const { error, openedAt, rejected } = yield* ended(outcome.running, outcome.exit)
    states.set(path, rejected ? "rejected" : "waiting")
    const ranMillis = openedAt === null ? 0 : monotonicMillis(clock) - openedAt
    // A book is asked for anew on a connection that was well, and a quiet market is no trouble of it: nothing is to be waited for.
    const well = stats.events > eventsBefore || error?._tag === "MarketDataTimeout"
    const healthy = error?._tag === "BookBroken" || (well && ranMillis >= healthyMillis)
    return { healthy, retrySlowly: rejected }
  }))

  const run = Backoff.keepRunning({
    attempt,
    schedule: Backoff.schedule(backoff),
    onWait: (delay) =>
      Effect.gen(function*() {
        if (states.live) return
        stats.nextAttemptAt = (yield* Clock.currentTimeMillis) + Duration.toMillis(delay)
        const reason = stats.reason ?? "the connection ended"
        yield* outage.lost(reason, `${reason}; next attempt in ${secondsText(Duration.toMillis(delay))}`).pipe(
          Effect.annotateLogs("connection", stats.connections)
        )
      })
  })
  const made: Path = {
    // Once it is over, the feed stands as its other paths do.
    run: Effect.ensuring(run, Effect.sync(() => states.remove(path))),
    leaving: () => {
      leaving = true
    },
    replace: (reason) => {
      for (const running of [current, upcoming]) {
        if (running !== null) Deferred.doneUnsafe(running.replace, Effect.succeed(reason))
      }
    }
  }
  return made
})
