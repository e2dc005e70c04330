import { Clock, Context, Effect, Layer } from "effect"
import * as Feed from "../domain/Feed.ts"
import type { Series } from "../domain/Series.ts"
import { CompletenessWindow } from "./CompletenessWindow.ts"
import { Histogram } from "./Histogram.ts"
import type { PathStats } from "./PathStats.ts"
import { ProcessStats } from "./ProcessStats.ts"
import * as RemovedStats from "./RemovedStats.ts"
import * as SequenceStats from "./SequenceStats.ts"
import { makeSinkStats, type SinkStats } from "./SinkStats.ts"
import * as StorageStats from "./StorageStats.ts"
import * as UploadStats from "./UploadStats.ts"

/** Where a feed stands: `rejected` means that the venue refused the subscription and we wait before asking again. */
export type FeedState =
  | "starting"
  | "connecting"
  | "subscribing"
  | "live"
  | "stale"
  | "waiting"
  | "rejected"
  | "stopped"

/** Why a connection, or an attempt to have one, ended. */
export const reconnectReasons = [
  "connect_failed",
  "refused",
  "closed",
  "silent",
  "stale",
  "rejected",
  "unreadable",
  "gap",
  "token",
  "handover",
  "bug"
] as const
export type ReconnectReason = (typeof reconnectReasons)[number]

/** What became of a request for missed trades. */
export const repairResults = ["Page", "Busy", "Refused", "Failed"] as const
export type RepairResult = (typeof repairResults)[number]

/** Upper bounds of the time from the venue's clock to ours, in milliseconds. */
export const latencyBoundsMillis = [1, 5, 10, 25, 50, 100, 250, 500, 1000, 5000] as const

/** What happened to one feed since the start. Plain counters, so that counting costs a message next to nothing. */
export interface FeedStats extends SinkStats {
  readonly feed: Feed.Feed
  state: FeedState
  /** Milliseconds since the epoch. */
  stateSince: number
  /** Why the feed is not live, in words for the operator. */
  reason: string | null
  /** Whether its connection is open, or being closed. */
  connected: boolean
  /** Attempts to connect. */
  connections: number
  /** Attempts that ended and are followed by another. */
  reconnects: number
  readonly reconnectsBy: Record<ReconnectReason, number>
  /** Milliseconds since the epoch of the next attempt; null while one is under way. */
  nextAttemptAt: number | null
  frames: number
  events: number
  /** Milliseconds since the epoch of the last event; null before the first. */
  lastEventAt: number | null
  /** From the venue's time of an event to our reading of it, in milliseconds, where the venue sends a time. */
  readonly latency: Histogram
  /** Events that were read before the venue's clock says they happened: one of the clocks is off. */
  negativeLatencies: number
  /** What the venue's numbers said of the events. */
  readonly sequence: SequenceStats.SequenceStats
  /** Id of the gap that was found last; null before the first. */
  newestGap: string | null
  /** What of it is recorded, and what its gaps lack, over the last day. */
  readonly completeness: CompletenessWindow
  /** Where the feed has several paths, what each of them brought; otherwise empty. */
  paths: ReadonlyArray<PathStats>
  /** Events received that no sink has taken yet. */
  eventsQueued: number
  /** Events lost because the feed's queue was full. */
  dropped: number
  parseErrors: number
  /** Frames that could not be parsed and are kept whole for somebody to look at. */
  framesKept: number
  /** Such frames for which there was no room. */
  framesNotKept: number
  unrequested: number
  circuitBreaks: number
  /** Bugs that ended an attempt. */
  defects: number
  rejections: number
  timeouts: number
  pingsSent: number
  pongsReceived: number
  /** Pings that stayed unanswered although the venue went on sending. */
  pongsMissed: number
  /** Requests for missed trades, by what came of them. */
  readonly repairRequests: Record<RepairResult, number>
  /** What the venue announced, or refused while it delivered. */
  notices: number
}

/** All at zero, for a feed that starts. */
export const makeStats = (feed: Feed.Feed): FeedStats => ({
  ...makeSinkStats(feed),
  feed,
  state: "starting",
  stateSince: 0,
  reason: null,
  connected: false,
  connections: 0,
  reconnects: 0,
  reconnectsBy: {
    connect_failed: 0,
    refused: 0,
    closed: 0,
    silent: 0,
    stale: 0,
    rejected: 0,
    unreadable: 0,
    gap: 0,
    token: 0,
    handover: 0,
    bug: 0
  },
  nextAttemptAt: null,
  frames: 0,
  events: 0,
  lastEventAt: null,
  latency: new Histogram(latencyBoundsMillis),
  negativeLatencies: 0,
  sequence: SequenceStats.make(),
  newestGap: null,
  completeness: new CompletenessWindow(),
  paths: [],
  eventsQueued: 0,
  dropped: 0,
  parseErrors: 0,
  framesKept: 0,
  framesNotKept: 0,
  unrequested: 0,
  circuitBreaks: 0,
  defects: 0,
  rejections: 0,
  timeouts: 0,
  pingsSent: 0,
  pongsReceived: 0,
  pongsMissed: 0,
  repairRequests: { Page: 0, Busy: 0, Refused: 0, Failed: 0 },
  notices: 0
})

/** The counters of every feed of this process, of its storage, its uploads, and of the process itself. */
export class Telemetry extends Context.Service<Telemetry, {
  /** The counters of a feed, made at the first call. */
  readonly stats: (feed: Feed.Feed) => FeedStats
  /** Of the present feeds; the same array until there are others. */
  readonly all: () => ReadonlyArray<FeedStats>
  /** A feed that is not recorded any more is shown no longer; its counters still are in what was counted all in all. */
  readonly remove: (feed: Feed.Feed) => void
  /** What was counted of all feeds since the start, those that were removed included. */
  readonly sinceStart: () => ReadonlyArray<RemovedStats.FeedTotals>
  /** The counters of the sink of a series, made at the first call: those of a feed are among the feed's own. */
  readonly sinkStats: (series: Series) => SinkStats
  /** A series that is no feed and is not written any more is shown no longer. */
  readonly removeSeries: (id: string) => void
  /** Those of every series, the present feeds first. */
  readonly allSinks: () => ReadonlyArray<SinkStats>
  /** What was counted of all series since the start, those of removed feeds included. */
  readonly allSinksSinceStart: () => ReadonlyArray<RemovedStats.SinkTotals>
  readonly storage: StorageStats.StorageStats
  readonly uploads: UploadStats.UploadStats
  readonly process: ProcessStats
}>()("ticklake/Telemetry") {
  static readonly layer = Layer.effect(
    Telemetry,
    Effect.map(Clock.Clock, (clock) => {
      const byFeed = new Map<string, FeedStats>()
      const bySeries = new Map<string, SinkStats>()
      const removed = RemovedStats.ofFeeds()
      const removedSeries = RemovedStats.ofSeries()
      let present: ReadonlyArray<FeedStats> = []
      const stats = (feed: Feed.Feed): FeedStats => {
        const known = byFeed.get(feed.id)
        if (known !== undefined) return known
        const made = makeStats(feed)
        made.stateSince = clock.currentTimeMillisUnsafe()
        byFeed.set(feed.id, made)
        present = [...present, made]
        return made
      }
      const sinkStats = (series: Series): SinkStats => {
        if (Feed.is(series)) return stats(series)
        const known = bySeries.get(series.id)
        if (known !== undefined) return known
        const made = makeSinkStats(series)
        bySeries.set(series.id, made)
        return made
      }
      return Telemetry.of({
        stats,
        sinkStats,
        all: () => present,
        allSinks: () => [...present, ...bySeries.values()],
        allSinksSinceStart: () => [...removed.all(), ...present, ...removedSeries.all(), ...bySeries.values()],
        removeSeries: (id) => {
          const stats = bySeries.get(id)
          if (stats === undefined) return
          bySeries.delete(id)
          removedSeries.add(stats)
        },
        remove: (feed) => {
          const stats = byFeed.get(feed.id)
          if (stats === undefined) return
          byFeed.delete(feed.id)
          removed.add(stats)
          present = [...byFeed.values()]
        },
        sinceStart: () => [...removed.all(), ...present],
        storage: StorageStats.make(clock),
        uploads: UploadStats.make(),
        process: new ProcessStats(clock)
      })
    })
  )
}
