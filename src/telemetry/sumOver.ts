import type { FeedStats } from "./Telemetry.ts"

/** One number over many feeds. */
export const sumOver = (feeds: ReadonlyArray<FeedStats>, of: (stats: FeedStats) => number): number =>
  feeds.reduce((total, stats) => total + of(stats), 0)
