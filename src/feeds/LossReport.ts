import { type Clock, Effect } from "effect"
import { feedLabels } from "../domain/feedLabels.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import { number, quantity } from "../runtime/quantity.ts"
import { secondsText } from "../runtime/secondsText.ts"
import type { FeedTotals, SinkTotals } from "../telemetry/RemovedStats.ts"
import { sumOver } from "../telemetry/sumOver.ts"
import type { FeedStats } from "../telemetry/Telemetry.ts"

/** How often losses are looked for. */
const everyMillis = 10_000

/** Logs for ever, feed by feed, what was dropped since the last look; nothing where nothing was. */
export const reportDrops = (feeds: () => ReadonlyArray<FeedStats>): Effect.Effect<never> => {
  const told = new WeakMap<FeedStats, number>()
  const look = Effect.gen(function*() {
    yield* Effect.sleep(everyMillis)
    for (const stats of feeds()) {
      const more = stats.dropped - (told.get(stats) ?? 0)
      if (more === 0) continue
      told.set(stats, stats.dropped)
      yield* Effect.logWarning(
        `events dropped, for they came faster than they could be written: ${more} in the last ${
          everyMillis / 1000
        } s, ` +
          `${stats.dropped} since the start; recording goes on. Raise websocket.queue_capacity, or record less on this machine`
      ).pipe(Effect.annotateLogs(feedLabels(stats.feed)))
    }
  })
  return Effect.forever(look)
}

/** Logs once that all feeds deliver, and how long that took. */
export const reportStart = (feeds: () => ReadonlyArray<FeedStats>, clock: Clock.Clock): Effect.Effect<void> => {
  const startedAt = monotonicMillis(clock)
  return Effect.gen(function*() {
    while (feeds().length === 0 || feeds().some((stats) => stats.events === 0)) yield* Effect.sleep(250)
    const took = secondsText(monotonicMillis(clock) - startedAt)
    const count = feeds().length
    yield* Effect.logInfo(
      count === 1
        ? `the feed delivers, ${took} after the start`
        : `all ${number(count)} feeds deliver, ${took} after the start`
    )
  })
}

/** Logs what this run recorded, and what it did not. */
export const reportTotals = (
  feeds: ReadonlyArray<FeedTotals>,
  sinks: ReadonlyArray<SinkTotals>
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const dropped = sumOver(feeds, (stats) => stats.dropped)
    const lost = sumOver(sinks, (stats) => stats.rowsLost)
    const unread = sumOver(feeds, (stats) => stats.parseErrors)
    const text = `${
      quantity(sumOver(feeds, (stats) => stats.events), "event")
    } received, ${number(dropped)} dropped, ` +
      `${quantity(lost, "row")} lost, ${quantity(unread, "frame")} not readable`
    return dropped + lost + unread > 0 ? Effect.logWarning(text) : Effect.logInfo(text)
  })
