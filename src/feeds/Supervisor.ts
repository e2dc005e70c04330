import { Clock, Context, Deferred, type Duration, Effect, Exit, Fiber, FiberSet, Layer, Scope, Semaphore } from "effect"
import type { Feed } from "../domain/Feed.ts"
import { feedLabels } from "../domain/feedLabels.ts"
import type { Gap } from "../domain/Gap.ts"
import type * as Series from "../domain/Series.ts"
import * as Background from "../runtime/Background.ts"
import { secondsText } from "../runtime/secondsText.ts"
import { phase } from "../runtime/Shutdown.ts"
import * as stopAccounts from "../telemetry/stopAccounts.ts"
import { type LostRows, type OpenOptions, type Sink, type SinkError, Sinks } from "../sinks/Sink.ts"
import { type FeedStats, Telemetry } from "../telemetry/Telemetry.ts"
import type * as Backoff from "./Backoff.ts"
import type { ConnectLimiter } from "./ConnectLimiter.ts"
import type { PastTrades } from "./PastTrades.ts"
import { reportDrops, reportStart } from "./LossReport.ts"
import * as Ledgers from "./Ledgers.ts"
import * as OutageLog from "./OutageLog.ts"
import { believableTail } from "./believableTail.ts"
import { differenceOf, type Plan } from "./Plan.ts"
import { printable } from "./printable.ts"
import * as Recorder from "./Recorder.ts"
import type { Tokens } from "./Tokens.ts"

export interface Options {
  readonly plans: ReadonlyArray<Plan>
  readonly backoff: Backoff.Options
  readonly queueCapacity: number
  /** Where the next start finds what the sinks leave. */
  readonly dataDir: string
  /** How long the feeds may take to close their connections and hand over what they hold. */
  readonly feedsLimit: Duration.Input
  /** How long the sinks may take to flush and seal. */
  readonly sinksLimit: Duration.Input
}

/** What other plans have changed. */
export interface Applied {
  readonly added: ReadonlyArray<Feed>
  readonly removed: ReadonlyArray<Feed>
  readonly changed: ReadonlyArray<Feed>
  readonly untouched: number
  /** Those that are to be recorded and could not be started; they are tried again. */
  readonly notStarted: ReadonlyArray<Feed>
}

/** How long feeds that could not be started wait for the next try. */
const startAgainMillis = 60_000

/** All feeds of this process, one fiber each. */
export class Supervisor extends Context.Service<Supervisor, {
  /** Ends only if a feed's fiber dies of something that is not the feed's own trouble. */
  readonly join: Effect.Effect<never>
  /**
   * Records by these plans from now on, one call after another: new feeds start, those without a plan stop in order, those
   * whose plan is another one connect anew, and the others are not touched. The stop of the process takes over what is under way.
   */
  readonly apply: (plans: ReadonlyArray<Plan>) => Effect.Effect<Applied>
}>()("ticklake/Supervisor") {}

/** Records every planned feed for as long as the scope is open, then stops feeds and sinks in that order. */
export const layer = (options: Options) => Layer.effect(Supervisor, make(options))

/** A feed that is recorded. Its recording ends before its sink does: what it still says then finds the sink open. */
interface Running {
  readonly plan: Plan
  readonly stats: FeedStats
  readonly recording: Recorder.Recording
  /** Holds the sink open until it is interrupted. */
  readonly holding: Fiber.Fiber<void>
  /** Connects, reads and hands over until it is interrupted. */
  readonly fiber: Fiber.Fiber<never>
}

const make = Effect.fnUntraced(function*(options: Options) {
  const sinks = yield* Sinks
  const telemetry = yield* Telemetry
  const scope = yield* Effect.scope
  const context = yield* Effect.context<ConnectLimiter | PastTrades | Tokens>()
  const sinkScope = yield* Scope.make()
  yield* Effect.addFinalizer((exit) =>
    Scope.close(sinkScope, exit).pipe(
      phase("sinks", options.sinksLimit, stopAccounts.ofSinks(telemetry.allSinks, options.dataDir))
    )
  )
  // The phase owns the scope: a release beside it would wait without limit for the same fiber that the phase gave up on.
  const feedScope = yield* Scope.make()
  yield* Effect.addFinalizer((exit) =>
    Scope.close(feedScope, exit).pipe(phase("feeds", options.feedsLimit, stopAccounts.ofFeeds(telemetry.all)))
  )
  // Fibers leave these sets when they have ended, not when they are asked to: a stop waits for those on their way out as well.
  const holdings = yield* Scope.provide(FiberSet.make<void, never>(), sinkScope)
  const recordings = yield* Scope.provide(FiberSet.make<never, never>(), feedScope)
  const running = new Map<string, Running>()
  const outages = OutageLog.make([])

  const hold = (
    series: Series.Series,
    sinkOptions: Partial<OpenOptions>,
    opened: Deferred.Deferred<Sink, SinkError>,
    beforeClose: Effect.Effect<void>
  ) =>
    Effect.scoped(Effect.gen(function*() {
      const exit = yield* Effect.exit(sinks.open(series, sinkOptions))
      yield* Effect.addFinalizer(() => beforeClose)
      yield* Deferred.done(opened, exit)
      return yield* Exit.isSuccess(exit) ? Effect.never : Effect.void
    })).pipe(
      Effect.onExit((exit) =>
        Exit.isFailure(exit) && Exit.hasDies(exit)
          ? Effect.logError("a bug ended the closing of a sink", exit.cause)
          : Effect.void
      ),
      Effect.annotateLogs(feedLabels(series))
    )

  /** Opens a sink that stays open until its fiber is interrupted; `beforeClose` runs then. */
  const openSink = Effect.fnUntraced(function*(
    series: Series.Series,
    sinkOptions: Partial<OpenOptions>,
    beforeClose: Effect.Effect<void> = Effect.void
  ) {
    const opened = yield* Deferred.make<Sink, SinkError>()
    const holding = yield* FiberSet.run(holdings, hold(series, sinkOptions, opened, beforeClose))
    return { sink: yield* Deferred.await(opened), holding }
  })

  const ledgers = yield* Ledgers.make(openSink)

  /** What feeds that are not recorded any more left unsettled, which the sealed files may not tell of yet. */
  const left = new Map<string, ReadonlyArray<Gap>>()

  const start = Effect.fnUntraced(function*(plan: Plan) {
    const { feed } = plan
    const stats = telemetry.stats(feed)
    stats.completeness.objective = plan.completenessObjective
    const gaps = yield* ledgers.join(feed)
    let hear: ((rows: LostRows) => void) | null = null
    const { holding, sink } = yield* openSink(feed, {
      rule: plan.exchanges[0]?.channels[feed.dataType].continuity ?? null,
      onLost: (rows) => hear?.(rows)
    })
    const ofFeed = ({ dataType }: Gap) => dataType === feed.dataType
    const tail = believableTail(sink.memory, (yield* Clock.currentTimeMillis) * 1000)
    const memory = { tail, gaps: left.get(feed.id) ?? gaps.memory.gaps.filter(ofFeed) }
    left.delete(feed.id)
    const hearLosses = (by: (rows: LostRows) => void) => {
      hear = by
    }
    const recording = yield* Recorder.make(feed, plan, { events: sink, gaps, memory, hearLosses }, stats, {
      backoff: options.backoff,
      queueCapacity: options.queueCapacity,
      outage: outages.of(feed)
    })
    // One that could not be started before begins like any other.
    stats.state = "starting"
    stats.reason = null
    stats.stateSince = yield* Clock.currentTimeMillis
    outages.join(feed)
    const fiber = yield* recording.run.pipe(
      Effect.ensuring(Effect.sync(() => {
        stats.state = "stopped"
        stats.nextAttemptAt = null
      })),
      FiberSet.run(recordings)
    )
    running.set(feed.id, { plan, stats, holding, recording, fiber })
  })

  /** Records a feed by another plan: its connections are replaced without missing anything, where that is possible. */
  const replace = Effect.fnUntraced(function*(plan: Plan) {
    const before = running.get(plan.feed.id)
    if (before === undefined) return
    before.stats.completeness.objective = plan.completenessObjective
    if (yield* before.recording.steer(plan)) {
      running.set(plan.feed.id, { ...before, plan })
      return
    }
    yield* stop([before])
    yield* startAdded(plan)
  })

  /** Stops these feeds as the stop of the process does: first the connections and what waits, then the sinks. */
  const stop = Effect.fnUntraced(function*(leaving: ReadonlyArray<Running>) {
    if (leaving.length === 0) return
    const stats = leaving.map((each) => each.stats)
    yield* Fiber.interruptAll(leaving.map(({ fiber }) => fiber)).pipe(
      phase("removed feeds", options.feedsLimit, stopAccounts.ofFeeds(() => stats))
    )
    yield* Fiber.interruptAll(leaving.map(({ holding }) => holding)).pipe(
      phase("sinks of removed feeds", options.sinksLimit, stopAccounts.ofSinks(() => stats, options.dataDir))
    )
    for (const { plan: { feed }, recording } of leaving) {
      running.delete(feed.id)
      left.set(feed.id, recording.unsettled())
      telemetry.remove(feed)
      outages.leave(feed)
    }
    yield* Effect.forEach(leaving, ({ plan: { feed } }) => ledgers.leave(feed), {
      concurrency: "unbounded",
      discard: true
    })
  })

  /** Feeds that are to be recorded and could not be started, by id. They are shown as feeds that wait, and keep their ledgers. */
  const notStarted = new Map<string, Plan>()

  const couldNotStart = Effect.fnUntraced(function*(plan: Plan, error: SinkError) {
    const { feed } = plan
    const stats = telemetry.stats(feed)
    const reason = `${printable(error.message, 500)}; it is tried again every ${secondsText(startAgainMillis)}`
    const told = notStarted.has(feed.id) && stats.reason === reason
    if (!notStarted.has(feed.id)) stats.stateSince = yield* Clock.currentTimeMillis
    notStarted.set(feed.id, plan)
    stats.state = "waiting"
    stats.reason = reason
    // Once is enough: health and metrics tell of it for as long as it lasts.
    yield* told ? Effect.logDebug(reason) : Effect.logError(`the feed is not recorded: ${reason}`)
  })

  /** A feed that cannot be added keeps no other from it. */
  const startAdded = (plan: Plan) =>
    start(plan).pipe(
      Effect.andThen(
        Effect.suspend(() =>
          notStarted.delete(plan.feed.id) ? Effect.logInfo("the feed could be started, and is recorded") : Effect.void
        )
      ),
      Effect.catch((error) => couldNotStart(plan, error)),
      Effect.annotateLogs(feedLabels(plan.feed))
    )

  /** Those that are not to be recorded any more are not tried again. */
  const forgetAllBut = Effect.fnUntraced(function*(plans: ReadonlyArray<Plan>) {
    const wanted = new Set(plans.map(({ feed }) => feed.id))
    for (const { feed } of [...notStarted.values()].filter(({ feed }) => !wanted.has(feed.id))) {
      notStarted.delete(feed.id)
      telemetry.remove(feed)
      yield* ledgers.leave(feed)
    }
  })

  const turn = yield* Semaphore.make(1)
  const apply = (plans: ReadonlyArray<Plan>) =>
    Effect.gen(function*() {
      const { added, changed, removed, untouched } = differenceOf(running, plans)
      yield* Effect.all([
        forgetAllBut(plans),
        stop(removed),
        Effect.forEach(changed, replace, { concurrency: "unbounded", discard: true }),
        Effect.forEach(added, startAdded, { discard: true })
      ], { concurrency: "unbounded", discard: true })
      const started = (plans: ReadonlyArray<Plan>) =>
        plans.map(({ feed }) => feed).filter(({ id }) => !notStarted.has(id))
      const applied: Applied = {
        added: started(added),
        removed: removed.map(({ plan }) => plan.feed),
        changed: started(changed),
        untouched: untouched.length,
        notStarted: [...notStarted.values()].map(({ feed }) => feed)
      }
      return applied
    }).pipe(
      turn.withPermit,
      Effect.provideContext(context),
      // Interrupted before the phases of the stop begin, which take over what it leaves half done.
      Effect.forkIn(scope),
      Effect.flatMap(Fiber.join)
    )

  const startAgain = Effect.suspend(() => Effect.forEach(notStarted.values(), startAdded, { discard: true })).pipe(
    turn.withPermit,
    Effect.provideContext(context)
  )

  yield* Effect.forEach(options.plans, start, { discard: true })
  yield* Effect.logInfo(`recording ${options.plans.length} feeds`)
  const clock = yield* Clock.Clock
  telemetry.process.phase = "recording"
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      telemetry.process.phase = "stopping"
    })
  )
  yield* Background.forkRepeated("the telling of outages", outages.run)
  yield* Background.forkRepeated("the writing of gaps", Effect.andThen(Effect.sleep("2 seconds"), ledgers.again))
  yield* Background.forkRepeated("the start of feeds that wait for it", Effect.delay(startAgain, startAgainMillis))
  yield* Background.forkRepeated("the telling of drops", reportDrops(telemetry.all))
  yield* Effect.forkScoped(
    Background.restarted("the wait for the first events", reportStart(telemetry.all, clock))
  )
  return Supervisor.of({ join: Effect.andThen(FiberSet.join(recordings), Effect.never), apply })
})
