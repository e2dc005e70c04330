import { Effect, Stream } from "effect"
import type { Space } from "./DiskSpace.ts"
import { pointSeconds, sampleMillis } from "./FeedHistory.ts"
import { type Health, summarize } from "./Health.ts"
import type { Monitor } from "./Monitor.ts"
import type { Entry, RecentLog } from "./RecentLog.ts"
import type { FeedState, FeedStats, Telemetry } from "./Telemetry.ts"

/** What does not change while a page is open, and the past of what does. The first event of the stream, `hello`. */
export interface Hello {
  readonly version: string
  /** Seconds in one point of a sparkline. */
  readonly pointSeconds: number
  readonly feeds: ReadonlyArray<{
    readonly exchange: string
    readonly symbol: string
    readonly dataType: string
    /** Events per second, oldest first. */
    readonly sparkline: ReadonlyArray<number>
  }>
}

/** One feed at one moment. An array, for there may be a thousand of them each second. */
export type FeedRow = readonly [
  /** Place in `Hello.feeds`. */
  feed: number,
  state: FeedState,
  /** Milliseconds since the epoch. */
  stateSince: number,
  eventsPerSecond: number,
  /** Milliseconds since the epoch. */
  lastEventAt: number | null,
  latencyMillis: number | null,
  dropped: number,
  reconnects: number,
  /** Milliseconds since the epoch. */
  nextAttemptAt: number | null,
  reason: string | null,
  openFileBytes: number,
  /** Relative to the data folder; null while there is none. */
  openFile: string | null
]

/** What has changed within a second. The event `tick`. */
export interface Tick {
  /** Milliseconds since the epoch, by the recorder's clock. */
  readonly now: number
  readonly health: Omit<Health, "feeds">
  readonly eventsPerSecond: number
  readonly rowsBuffered: number
  readonly journalBytes: number
  readonly uploads: {
    readonly filesWaiting: number
    /** Milliseconds since the epoch. */
    readonly oldestWaitingAt: number | null
    readonly stored: number
    readonly storedBytes: number
    readonly failedAttempts: number
    readonly setAside: number
    readonly problem: string | null
  }
  readonly disks: ReadonlyArray<Readonly<Space>>
  /** Only feeds that are not as they were in the tick before; all of them in the first one. */
  readonly feeds: ReadonlyArray<FeedRow>
  /** New points of sparklines: the place of the feed, and its events per second. */
  readonly points: ReadonlyArray<readonly [feed: number, eventsPerSecond: number]>
  /** Warnings and errors since the tick before, oldest first; all that are kept in the first one. */
  readonly log: ReadonlyArray<Entry>
}

/** What the stream is made from. */
export interface Sources {
  readonly monitor: Monitor["Service"]
  readonly telemetry: Telemetry["Service"]
  readonly recentLog: RecentLog["Service"]
  readonly version: string
}

const rounded = (value: number): number => Math.round(value * 10) / 10

const rowOf = (monitor: Monitor["Service"], stats: FeedStats, feed: number): FeedRow => {
  const history = monitor.history(stats)
  return [
    feed,
    stats.state,
    stats.stateSince,
    rounded(history.eventsPerSecond),
    stats.lastEventAt,
    history.latencyMillis === null ? null : rounded(history.latencyMillis),
    stats.dropped,
    stats.reconnects,
    stats.nextAttemptAt,
    stats.reason,
    stats.openFileBytes,
    stats.openFile
  ]
}

const tickOf = (
  { monitor, telemetry: { storage, uploads } }: Sources,
  feeds: ReadonlyArray<FeedStats>,
  news: Pick<Tick, "feeds" | "points" | "log">
): Tick => {
  const evidence = monitor.evidence()
  return {
    now: evidence.nowMillis,
    health: summarize(evidence),
    eventsPerSecond: rounded(feeds.reduce((sum, stats) => sum + monitor.history(stats).eventsPerSecond, 0)),
    rowsBuffered: feeds.reduce((sum, stats) => sum + stats.rowsBuffered, 0),
    journalBytes: storage.journalBytes,
    uploads: {
      filesWaiting: uploads.filesOnDisk,
      oldestWaitingAt: uploads.oldestWaitingMillis,
      stored: uploads.stored,
      storedBytes: uploads.storedBytes,
      failedAttempts: uploads.failedAttempts,
      setAside: uploads.setAside,
      problem: uploads.problem
    },
    disks: evidence.disks,
    ...news
  }
}

const helloOf = ({ monitor, version }: Sources, feeds: ReadonlyArray<FeedStats>): Hello => ({
  version,
  pointSeconds,
  feeds: feeds.map((stats) => ({
    exchange: stats.feed.exchange,
    symbol: stats.feed.normalizedSymbol,
    dataType: stats.feed.dataType,
    sparkline: monitor.history(stats).sparkline.map(rounded)
  }))
})

const event = (name: string, data: Hello | Tick): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

/** What a live page is told, as server-sent events: `hello` once, and again when there are more feeds; then a `tick` each second. */
export const make = (sources: Sources): Stream.Stream<string> =>
  Stream.suspend(() => {
    const { monitor, recentLog, telemetry } = sources
    let feedCount = -1
    let rowsTold: ReadonlyArray<string> = []
    let pointsTold: ReadonlyArray<number> = []
    let lineTold = 0
    const next = Effect.sync(() => {
      const feeds = telemetry.all()
      const fresh = feeds.length !== feedCount
      if (fresh) {
        rowsTold = []
        lineTold = 0
      }
      feedCount = feeds.length
      const rows = feeds.map((stats, index) => rowOf(monitor, stats, index))
      const rowTexts = rows.map((row) => JSON.stringify(row))
      const changed = rows.filter((_, index) => rowTexts[index] !== rowsTold[index])
      rowsTold = rowTexts
      const pointsMade = feeds.map((stats) => monitor.history(stats).pointsMade)
      const points: Tick["points"] = fresh ?
        [] :
        feeds.flatMap((stats, index) =>
          pointsMade[index] === pointsTold[index] ? [] : [[index, rounded(monitor.history(stats).lastPoint)] as const]
        )
      pointsTold = pointsMade
      const log = recentLog.newerThan(lineTold)
      lineTold = recentLog.latest()
      const tick = event("tick", tickOf(sources, feeds, { feeds: changed, points, log }))
      return fresh ? event("hello", helloOf(sources, feeds)) + tick : tick
    })
    return Stream.tick(sampleMillis).pipe(Stream.mapEffect(() => next))
  })
