import { Effect, Stream } from "effect"
import type { Space } from "./DiskSpace.ts"
import { pointSeconds, sampleMillis } from "./FeedHistory.ts"
import { type Health, summarize } from "./Health.ts"
import type { Monitor } from "./Monitor.ts"
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
  reason: string | null
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
    readonly stored: number
    readonly storedBytes: number
    readonly failedAttempts: number
    readonly problem: string | null
  }
  readonly disks: ReadonlyArray<Readonly<Space>>
  /** Only feeds that are not as they were in the tick before; all of them in the first one. */
  readonly feeds: ReadonlyArray<FeedRow>
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
    stats.reason
  ]
}

const tickOf = (
  monitor: Monitor["Service"],
  { storage, uploads }: Telemetry["Service"],
  rows: ReadonlyArray<FeedRow>,
  feeds: ReadonlyArray<FeedStats>
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
      stored: uploads.stored,
      storedBytes: uploads.storedBytes,
      failedAttempts: uploads.failedAttempts,
      problem: uploads.problem
    },
    disks: evidence.disks,
    feeds: rows
  }
}

const event = (name: string, data: Hello | Tick): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

/** What a live page is told, as server-sent events: `hello` once, and again when there are more feeds; then a `tick` each second. */
export const make = (
  monitor: Monitor["Service"],
  telemetry: Telemetry["Service"],
  version: string
): Stream.Stream<string> =>
  Stream.suspend(() => {
    let told: ReadonlyArray<string> = []
    let known = -1
    const next = Effect.sync(() => {
      const feeds = telemetry.all()
      const fresh = feeds.length !== known
      if (fresh) told = []
      known = feeds.length
      const rows = feeds.map((stats, index) => rowOf(monitor, stats, index))
      const texts = rows.map((row) => JSON.stringify(row))
      const changed = rows.filter((_, index) => texts[index] !== told[index])
      told = texts
      const tick = event("tick", tickOf(monitor, telemetry, changed, feeds))
      if (!fresh) return tick
      const hello: Hello = {
        version,
        pointSeconds,
        feeds: feeds.map((stats) => ({
          exchange: stats.feed.exchange,
          symbol: stats.feed.normalizedSymbol,
          dataType: stats.feed.dataType,
          sparkline: monitor.history(stats).sparkline.map(rounded)
        }))
      }
      return event("hello", hello) + tick
    })
    return Stream.tick(sampleMillis).pipe(Stream.mapEffect(() => next))
  })
