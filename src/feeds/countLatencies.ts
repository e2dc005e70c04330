import type { Event } from "../domain/Event.ts"
import type { FeedStats } from "../telemetry/Telemetry.ts"

/** Counts how long events were on their way, by the venue's clock and ours. */
export const countLatencies = (stats: FeedStats, events: ReadonlyArray<Event>) => {
  for (const { timestampCollector, timestampExchange } of events) {
    if (timestampExchange === null) continue
    const micros = timestampCollector - timestampExchange
    if (micros < 0) stats.negativeLatencies++
    else stats.latency.observe(micros / 1000)
  }
}
