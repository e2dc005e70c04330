import type { FeedStats } from "../telemetry/Telemetry.ts"
import { alignedTable } from "./alignedTable.ts"
import { bytesText } from "../runtime/bytesText.ts"

/** Counters of a feed at one moment, for telling a rate later. */
export interface Sample {
  readonly events: number
  readonly atMillis: number
}

/** All feeds, one a line: state, events per second since `before`, rows and bytes. */
export const feedTable = (
  feeds: ReadonlyArray<FeedStats>,
  before: ReadonlyMap<string, Sample>,
  nowMillis: number
): string =>
  alignedTable([
    ["feed", "state".padEnd(11), "events/s", "  rows", "    files"],
    ...feeds.map((stats) => {
      const sample = before.get(stats.feed.id)
      const seconds = sample === undefined ? 0 : (nowMillis - sample.atMillis) / 1000
      const rate = sample === undefined || seconds <= 0 ? "" : ((stats.events - sample.events) / seconds).toFixed(0)
      return [
        stats.feed.id,
        stats.state,
        rate.padStart(8),
        String(stats.events).padStart(6),
        bytesText(stats.openFileBytes + stats.sealedBytes).padStart(9)
      ]
    })
  ])
