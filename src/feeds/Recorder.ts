import { Clock, Effect, Fiber, Scheduler } from "effect"
import type { Row } from "../domain/Event.ts"
import type { Feed } from "../domain/Feed.ts"
import { feedLabels } from "../domain/feedLabels.ts"
import type { Exchange } from "../exchanges/Exchange.ts"
import type { Sink } from "../sinks/Sink.ts"
import * as PathStats from "../telemetry/PathStats.ts"
import type { FeedStats } from "../telemetry/Telemetry.ts"
import type * as Backoff from "./Backoff.ts"
import { countLatencies } from "./countLatencies.ts"
import * as EventQueue from "./EventQueue.ts"
import { FeedIntake } from "./FeedIntake.ts"
import type { FeedMemory } from "./FeedMemory.ts"
import { FeedStates } from "./FeedStates.ts"
import type { FeedOutage } from "./OutageLog.ts"
import * as Path from "./Path.ts"

/** The shortest time between two connections of a path that are opened for a new book. */
const askAnewMillis = 60_000

export interface Options {
  /** The venue as each path of the feed speaks to it; at least one. */
  readonly exchanges: ReadonlyArray<Exchange>
  readonly backoff: Backoff.Options
  /** Events that may wait for the sink; what comes beyond is dropped and counted. */
  readonly queueCapacity: number
  readonly messageTimeoutSecs: number
  /** Told when the feed is without data, and when it delivers again. */
  readonly outage: FeedOutage
}

/** Where the rows of a feed go. */
export interface Destination {
  readonly events: Sink
  readonly gaps: Sink
  /** What is known of the feed from before. */
  readonly memory: FeedMemory
}

/** Records one feed for ever: connects, reconnects, and passes what comes to the sinks. Interruption drains the queue. */
export const record = Effect.fnUntraced(
  function*(feed: Feed, to: Destination, stats: FeedStats, options: Options) {
    const clock = yield* Clock.Clock
    const queue = yield* EventQueue.make(options.queueCapacity)
    const [exchange] = options.exchanges
    if (exchange === undefined) return yield* Effect.die(new Error(`${feed.id} has no path`))
    if (options.exchanges.length > 1) stats.paths = options.exchanges.map(() => PathStats.make())
    const intake = new FeedIntake({
      feed,
      rule: exchange.channels[feed.dataType].continuity,
      stats,
      queue,
      before: to.memory,
      nowMicros: () => clock.currentTimeMillisUnsafe() * 1000,
      onRecorded: (events) => countLatencies(stats, events)
    })
    const writer = yield* write(queue, to, stats).pipe(
      Effect.provideService(Scheduler.Scheduler, EventQueue.prompt),
      Effect.forkChild({ startImmediately: true })
    )
    const states = new FeedStates(stats, () => clock.currentTimeMillisUnsafe())
    const paths = yield* Effect.forEach(
      options.exchanges,
      (each, index) =>
        Path.make(() => each, { ...options, feed, index, stats, states, intake, mayAskAnew: onceIn(askAnewMillis) })
    )
    const labeled = ({ run }: Path.Path, index: number) =>
      paths.length === 1 ? run : Effect.annotateLogs(run, "path", index + 1)
    return yield* Effect.raceAllFirst(paths.map(labeled)).pipe(
      Effect.ensuring(Effect.suspend(() => {
        intake.stopped()
        return Effect.andThen(queue.end, Fiber.await(writer))
      }))
    )
  },
  (effect, feed) => Effect.annotateLogs(effect, feedLabels(feed))
)

/** Whether something may be done now that is to be done once in `millis` at most. */
const onceIn = (millis: number) => {
  let doneAt = -Infinity
  return (nowMillis: number): boolean => {
    if (nowMillis - doneAt < millis) return false
    doneAt = nowMillis
    return true
  }
}

/** Passes rows to the sinks until the queue has ended and is empty. A bug is counted and logged, what it cost is counted by the sink. */
const write = Effect.fnUntraced(function*(queue: EventQueue.EventQueue, to: Destination, stats: FeedStats) {
  while (true) {
    const batch = yield* queue.take
    for (const rows of runsOf(batch)) {
      const isGaps = rows[0]?.dataType === "gap"
      if (!isGaps) stats.eventsQueued -= rows.length
      const lostBefore = stats.rowsLost
      yield* Effect.catchCause((isGaps ? to.gaps : to.events).append(rows), (cause) => {
        stats.defects++
        const lost = isGaps ? rows.length : stats.rowsLost - lostBefore
        return Effect.logError(`${lost} of ${rows.length} rows were lost to a bug; recording goes on`, cause)
      })
    }
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
