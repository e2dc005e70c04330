import { Cause, Clock, Deferred, Effect, Fiber, FiberMap, Scheduler } from "effect"
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Row } from "../domain/Event.ts"
import type { Feed } from "../domain/Feed.ts"
import { feedLabels } from "../domain/feedLabels.ts"
import type { Gap } from "../domain/Gap.ts"
import { restarted } from "../runtime/Background.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import type { LostRows, Sink } from "../sinks/Sink.ts"
import * as PathStats from "../telemetry/PathStats.ts"
import type { FeedStats } from "../telemetry/Telemetry.ts"
import type * as Backoff from "./Backoff.ts"
import { ConnectLimiter } from "./ConnectLimiter.ts"
import { countLatencies } from "./countLatencies.ts"
import * as EventQueue from "./EventQueue.ts"
import { FeedIntake } from "./FeedIntake.ts"
import type { FeedMemory } from "./FeedMemory.ts"
import { FeedStates } from "./FeedStates.ts"
import * as LossRuns from "./LossRuns.ts"
import type { FeedOutage } from "./OutageLog.ts"
import type { PastTrades } from "./PastTrades.ts"
import * as Path from "./Path.ts"
import type { Plan } from "./Plan.ts"
import type { Tokens } from "./Tokens.ts"
import * as TradeRepair from "./TradeRepair.ts"

/** The shortest time between two connections of a path that are opened for a new book. */
const askAnewMillis = 60_000

/** After a disk has lost rows, nothing is fetched for so long: it would be lost as well. */
const diskRestMillis = 30_000

export interface Options {
  readonly backoff: Backoff.Options
  /** Events that may wait for the sink; what comes beyond is dropped and counted. */
  readonly queueCapacity: number
  /** Told when the feed is without data, and when it delivers again. */
  readonly outage: FeedOutage
}

/** Where the rows of a feed go. */
export interface Destination {
  readonly events: Sink
  readonly gaps: Sink
  /** What is known of the feed from before. */
  readonly memory: FeedMemory
  /** Has rows that the sink of events loses told to whoever is given. */
  readonly hearLosses: (hear: (rows: LostRows) => void) => void
}

/** How a feed is recorded, where it can change while it is. */
export type Course = Pick<Plan, "exchanges" | "history" | "messageTimeoutSecs">

/** The recording of one feed. */
export interface Recording {
  /** Records for ever: connects, reconnects, and passes what comes to the sinks. Interruption drains the queue. */
  readonly run: Effect.Effect<never, never, ConnectLimiter | PastTrades | Tokens>
  /** Goes on by another course without missing anything; false where only a new beginning can. */
  readonly steer: (course: Course) => Effect.Effect<boolean>
  /** Its gaps that are open, or may still be filled. */
  readonly unsettled: () => ReadonlyArray<Gap>
}

const ruleOf = (feed: Feed, { exchanges }: Course): ContinuityRule | null =>
  exchanges[0]?.channels[feed.dataType].continuity ?? null

export const make = Effect.fnUntraced(function*(
  feed: Feed,
  course: Course,
  to: Destination,
  stats: FeedStats,
  options: Options
) {
  const clock = yield* Clock.Clock
  const limiter = yield* ConnectLimiter
  const inBackground = Effect.runForkWith(yield* Effect.context())
  const losses = LossRuns.make(to.events)
  const queue = yield* EventQueue.make(options.queueCapacity, (rows) => {
    if (rows[0]?.dataType === "gap") return false
    const lostBefore = stats.rowsLost
    try {
      if (!losses.sink.appendNow(rows)) return false
    } catch (bug) {
      const told = tellBug(stats, stats.rowsLost - lostBefore, rows.length, Cause.die(bug))
      inBackground(Effect.annotateLogs(told, feedLabels(feed)))
    }
    stats.eventsQueued -= rows.length
    return true
  })
  const rule = ruleOf(feed, course)
  if (rule === null) return yield* Effect.die(new Error(`${feed.id} has no path`))
  let now = course
  let lostAt = -Infinity
  stats.paths = PathStats.ofPaths(course.exchanges.length)
  const work = yield* Deferred.make<Work>()
  const repair = TradeRepair.make({
    feed,
    stats,
    history: () => now.history,
    hasRoom: () => stats.eventsQueued * 2 < options.queueCapacity && monotonicMillis(clock) - lostAt >= diskRestMillis
  })
  const intake = new FeedIntake({
    feed,
    rule,
    stats,
    queue,
    before: to.memory,
    nowMicros: () => clock.currentTimeMillisUnsafe() * 1000,
    onRecorded: (events) => countLatencies(stats, events),
    onMissing: repair.wake
  })
  to.hearLosses((rows) => {
    lostAt = monotonicMillis(clock)
    intake.lost(rows, losses.goesOn(rows))
  })
  const states = new FeedStates(stats, () => clock.currentTimeMillisUnsafe())
  const shared = { ...options, feed, stats, states, intake, messageTimeoutSecs: () => now.messageTimeoutSecs }
  const paths: Array<Path.Path> = []

  const begin = Effect.fnUntraced(function*({ fork }: Work, index: number) {
    // A path that is on its way out still asks.
    const exchange = () => now.exchanges[index] ?? now.exchanges[0]!
    const path = yield* Path.make(exchange, { ...shared, index, mayAskAnew: onceIn(askAnewMillis) }).pipe(
      Effect.provideService(ConnectLimiter, limiter)
    )
    paths[index] = path
    yield* fork(index, now.exchanges.length === 1 ? path.run : Effect.annotateLogs(path.run, "path", index + 1))
  })

  const run = Effect.scoped(Effect.gen(function*() {
    const writing = write(queue, intake, { events: losses.sink, gaps: to.gaps }, stats)
    const writer = yield* restarted("the writing of rows", writing).pipe(
      Effect.provideService(Scheduler.Scheduler, EventQueue.prompt),
      Effect.forkChild({ startImmediately: true })
    )
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        intake.stopped()
        return Effect.andThen(queue.end, Fiber.await(writer))
      })
    )
    const fibers = yield* FiberMap.make<number | "repair", never, never>()
    const context = yield* Effect.context<ConnectLimiter | PastTrades | Tokens>()
    const own: Work = {
      fork: (index, path) =>
        Effect.asVoid(
          FiberMap.run(fibers, index, Effect.annotateLogs(path, feedLabels(feed))).pipe(Effect.provideContext(context))
        ),
      end: (index) => FiberMap.remove(fibers, index)
    }
    for (const index of now.exchanges.keys()) yield* begin(own, index)
    yield* own.fork("repair", restarted("the fetching of missed trades", repair.run(intake)))
    yield* Deferred.succeed(work, own)
    return yield* Effect.andThen(FiberMap.join(fibers), Effect.never)
  })).pipe(Effect.annotateLogs(feedLabels(feed)))

  const steer = Effect.fnUntraced(function*(to: Course) {
    if (ruleOf(feed, to) !== rule) return false
    const own = yield* Deferred.await(work)
    const before = now
    now = to
    if (to.exchanges.length !== before.exchanges.length) {
      stats.paths = PathStats.ofPaths(to.exchanges.length)
      intake.race(stats.paths)
    }
    for (const [index, path] of paths.slice(0, to.exchanges.length).entries()) {
      if (index < before.exchanges.length) path.replace("a change of the configuration")
    }
    for (let index = before.exchanges.length; index < to.exchanges.length; index++) yield* begin(own, index)
    for (let index = to.exchanges.length; index < before.exchanges.length; index++) {
      paths[index]?.leaving()
      yield* own.end(index)
    }
    paths.length = to.exchanges.length
    repair.wake()
    return true
  })
  const recording: Recording = { run, steer, unsettled: intake.unsettled }
  return recording
})

/** What runs for a feed, path by path. */
interface Work {
  readonly fork: (
    index: number | "repair",
    work: Effect.Effect<never, never, ConnectLimiter | PastTrades | Tokens>
  ) => Effect.Effect<void>
  readonly end: (index: number) => Effect.Effect<void>
}

/** Whether something may be done now that is to be done once in `millis` at most. */
const onceIn = (millis: number) => {
  let doneAt = -Infinity
  return (nowMillis: number): boolean => {
    if (nowMillis - doneAt < millis) return false
    doneAt = nowMillis
    return true
  }
}

const tellBug = (stats: FeedStats, lost: number, rows: number, cause: Cause.Cause<unknown>) =>
  Effect.suspend(() => {
    stats.defects++
    return Effect.logError(`${lost} of ${rows} rows were lost to a bug; recording goes on`, cause)
  })

/** Passes rows to the sinks until the queue has ended and is empty. A bug is counted and logged, what it cost is counted by the sink. */
const write = Effect.fnUntraced(function*(
  queue: EventQueue.EventQueue,
  intake: FeedIntake,
  to: Pick<Destination, "events" | "gaps">,
  stats: FeedStats
) {
  while (true) {
    const batch = yield* queue.take
    for (const rows of runsOf(batch)) {
      const isGaps = rows[0]?.dataType === "gap"
      if (!isGaps) stats.eventsQueued -= rows.length
      const lostBefore = stats.rowsLost
      yield* Effect.catchCause(
        (isGaps ? to.gaps : to.events).append(rows),
        (cause) => tellBug(stats, isGaps ? rows.length : stats.rowsLost - lostBefore, rows.length, cause)
      )
    }
    yield* Effect.catchCause(Effect.sync(() => intake.drained()), (cause) => tellBug(stats, 0, 0, cause))
  }
}, Effect.catchTag("Done", () => Effect.void))

/** Parts rows into those that go to the same sink, in their order: what is said of a gap must not overtake the events before it. */
const runsOf = (rows: ReadonlyArray<Row>): ReadonlyArray<ReadonlyArray<Row>> => {
  let from = 0
  const runs: Array<ReadonlyArray<Row>> = []
  for (let at = 1; at < rows.length; at++) {
    if ((rows[at]!.dataType === "gap") === (rows[from]!.dataType === "gap")) continue
    runs.push(rows.slice(from, at))
    from = at
  }
  if (from === 0) return rows.length === 0 ? [] : [rows]
  runs.push(rows.slice(from))
  return runs
}
