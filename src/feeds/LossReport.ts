import { Effect } from "effect"
import type { FeedStats } from "../telemetry/Telemetry.ts"

/** How often losses are looked for. */
const everyMillis = 10_000

const feedOf = ({ feed }: FeedStats) => ({
  exchange: feed.exchange,
  symbol: feed.normalizedSymbol,
  data_type: feed.dataType
})

/** Logs for ever, feed by feed, what was dropped since the last look; nothing where nothing was. */
export const reportDrops = (feeds: ReadonlyArray<FeedStats>): Effect.Effect<never> =>
  Effect.gen(function*() {
    const told = new Map<FeedStats, number>()
    while (true) {
      yield* Effect.sleep(everyMillis)
      for (const stats of feeds) {
        const more = stats.dropped - (told.get(stats) ?? 0)
        if (more === 0) continue
        told.set(stats, stats.dropped)
        yield* Effect.logWarning(
          `events dropped, for they came faster than they could be written: ${more} in the last ${
            everyMillis / 1000
          } s, ` +
            `${stats.dropped} since the start; recording goes on. Raise websocket.queue_capacity, or record less on this machine`
        ).pipe(Effect.annotateLogs(feedOf(stats)))
      }
    }
  })

/** Logs once that all feeds deliver, and how long that took. */
export const reportStart = Effect.fnUntraced(function*(feeds: ReadonlyArray<FeedStats>, nowMillis: () => number) {
  const startedAt = nowMillis()
  while (feeds.some((stats) => stats.events === 0)) yield* Effect.sleep(250)
  const seconds = ((nowMillis() - startedAt) / 1000).toFixed(1)
  yield* Effect.logInfo(`all ${feeds.length} feeds deliver, ${seconds} s after the start`)
})

const sumOver = (feeds: ReadonlyArray<FeedStats>) => (of: (stats: FeedStats) => number): number =>
  feeds.reduce((total, stats) => total + of(stats), 0)

/** Logs what this run recorded, and what it did not. */
export const reportTotals = (feeds: ReadonlyArray<FeedStats>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const sum = sumOver(feeds)
    const received = sum((stats) => stats.events)
    const dropped = sum((stats) => stats.dropped)
    const lost = sum((stats) => stats.rowsLost)
    const unread = sum((stats) => stats.parseErrors)
    const text =
      `${received} events received, ${dropped} dropped, ${lost} rows lost, ${unread} frames or parts not readable`
    return dropped + lost + unread > 0 ? Effect.logWarning(text) : Effect.logInfo(text)
  })
