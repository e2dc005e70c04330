import { Clock, Context, type Duration, Effect, FiberMap, Layer, Scope } from "effect"
import type { Feed } from "../domain/Feed.ts"
import type { Exchange } from "../exchanges/Exchange.ts"
import * as Background from "../runtime/Background.ts"
import { phase } from "../runtime/Shutdown.ts"
import * as stopAccounts from "../telemetry/stopAccounts.ts"
import { Sinks } from "../sinks/Sink.ts"
import { Telemetry } from "../telemetry/Telemetry.ts"
import type * as Backoff from "./Backoff.ts"
import { reportDrops, reportStart } from "./LossReport.ts"
import * as OutageLog from "./OutageLog.ts"
import { record } from "./Recorder.ts"

/** A feed and how it is to be recorded. */
export interface Plan {
  readonly feed: Feed
  readonly exchange: Exchange
  readonly messageTimeoutSecs: number
}

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

/** All feeds of this process, one fiber each. */
export class Supervisor extends Context.Service<Supervisor, {
  /** Ends only if a feed's fiber dies of something that is not the feed's own trouble. */
  readonly join: Effect.Effect<never>
}>()("ticklake/Supervisor") {}

/** Records every planned feed for as long as the scope is open, then stops feeds and sinks in that order. */
export const layer = (options: Options) => Layer.effect(Supervisor, make(options))

const make = Effect.fnUntraced(function*(options: Options) {
  const sinks = yield* Sinks
  const telemetry = yield* Telemetry
  const feeds = options.plans.map(({ feed }) => telemetry.stats(feed))
  const sinkScope = yield* Scope.make("parallel")
  yield* Effect.addFinalizer((exit) =>
    Scope.close(sinkScope, exit).pipe(
      phase("sinks", options.sinksLimit, stopAccounts.ofSinks(telemetry.allSinks, options.dataDir))
    )
  )
  // The phase owns the scope: a release beside it would wait without limit for the same fiber that the phase gave up on.
  const feedScope = yield* Scope.make()
  yield* Effect.addFinalizer((exit) =>
    Scope.close(feedScope, exit).pipe(phase("feeds", options.feedsLimit, stopAccounts.ofFeeds(feeds)))
  )
  const fibers = yield* Scope.provide(FiberMap.make<string, never, never>(), feedScope)
  const outages = OutageLog.make(options.plans.map(({ feed }) => feed))
  const now = yield* Clock.currentTimeMillis
  for (const { exchange, feed, messageTimeoutSecs } of options.plans) {
    const sink = yield* Scope.provide(sinks.open(feed), sinkScope)
    const stats = telemetry.stats(feed)
    stats.stateSince = now
    yield* FiberMap.run(
      fibers,
      feed.id,
      record(exchange, feed, sink, stats, {
        backoff: options.backoff,
        queueCapacity: options.queueCapacity,
        messageTimeoutSecs,
        outage: outages.of(feed)
      }).pipe(Effect.ensuring(Effect.sync(() => {
        stats.state = "stopped"
      })))
    )
  }
  yield* Effect.logInfo(`recording ${options.plans.length} feeds`)
  const clock = yield* Clock.Clock
  telemetry.process.phase = "recording"
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      telemetry.process.phase = "stopping"
    })
  )
  yield* Background.forkRepeated("the telling of outages", outages.run)
  yield* Background.forkRepeated("the telling of drops", reportDrops(feeds))
  yield* Effect.forkScoped(Background.restarted("the wait for the first events", reportStart(feeds, clock)))
  return Supervisor.of({ join: Effect.andThen(FiberMap.join(fibers), Effect.never) })
})
