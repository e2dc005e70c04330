import { belowOne, type Completeness } from "./CompletenessWindow.ts"
import { pointSeconds } from "./FeedHistory.ts"
import { summarize } from "./Health.ts"
import type { FeedRow, Hello, Tick } from "./LiveMessages.ts"
import type { Monitor } from "./Monitor.ts"
import { sumOver } from "./sumOver.ts"
import type { FeedStats, Telemetry } from "./Telemetry.ts"

/** What a snapshot is made from. */
export interface Sources {
  readonly monitor: Monitor["Service"]
  readonly telemetry: Telemetry["Service"]
  readonly version: string
}

const rounded = (value: number): number => Math.round(value * 10) / 10

const millisOf = (micros: number | null): number | null => micros === null ? null : Math.floor(micros / 1000)

const rowOf = (monitor: Monitor["Service"], stats: FeedStats, known: Completeness, feed: number): FeedRow => {
  const history = monitor.history(stats)
  const { knownSinceMicros, provable } = stats.completeness
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
    stats.openFile,
    known.ratio !== null ? belowOne(known.ratio) : knownSinceMicros === null || provable ? null : false,
    Math.ceil(known.gapSeconds),
    millisOf(knownSinceMicros)
  ]
}

const completeOf = (feeds: ReadonlyArray<FeedStats>, known: ReadonlyArray<Completeness>): Tick["complete"] => {
  let provable = 0
  let whole = 0
  let lowest: number | null = null
  let knownSince: number | null = null
  known.forEach(({ ratio }, index) => {
    if (ratio === null) return
    provable++
    if (ratio === 1) whole++
    lowest = Math.min(lowest ?? 1, belowOne(ratio))
    knownSince = Math.max(knownSince ?? 0, millisOf(feeds[index]!.completeness.knownSinceMicros) ?? 0)
  })
  return { provable, whole, lowest, knownSince }
}

/** What a tick says that is the same for every page. */
type Common = Omit<Tick, "now" | "feeds" | "points" | "log">

const commonOf = (
  { monitor, telemetry: { allSinks, storage, uploads } }: Sources,
  feeds: ReadonlyArray<FeedStats>,
  known: ReadonlyArray<Completeness>
): Common => ({
  health: summarize(monitor.evidence()),
  eventsPerSecond: rounded(sumOver(feeds, (stats) => monitor.history(stats).eventsPerSecond)),
  complete: completeOf(feeds, known),
  rowsBuffered: sumOver(allSinks(), (stats) => stats.rowsBuffered),
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
  disks: monitor.evidence().disks
})

const helloOf = ({ monitor, version }: Sources, feeds: ReadonlyArray<FeedStats>): Hello => ({
  version,
  pointSeconds,
  feeds: feeds.map((stats) => ({
    exchange: stats.feed.exchange,
    symbol: stats.feed.normalizedSymbol,
    dataType: stats.feed.dataType,
    objective: stats.completeness.objective,
    sparkline: monitor.history(stats).sparkline.map(rounded)
  }))
})

/** The recorder at one look at its counters, as JSON: made once, whatever the number of pages that are told. */
export class LiveSnapshot {
  /** Members of a tick, without the braces around them. */
  readonly common: string
  readonly #sources: Sources
  readonly #feeds: ReadonlyArray<FeedStats>
  /** A reload may change them, and leave the feeds as they are. */
  readonly #objectives: ReadonlyArray<number>
  readonly #rows: ReadonlyArray<string>
  readonly #pointsMade: ReadonlyArray<number>
  #hello: string | null = null
  /** Nearly every page was told the same snapshot before this one. */
  readonly #news = new WeakMap<LiveSnapshot, string>()

  constructor(sources: Sources) {
    const { monitor, telemetry } = sources
    this.#sources = sources
    this.#feeds = telemetry.all()
    this.#objectives = this.#feeds.map(({ completeness }) => completeness.objective)
    const nowMicros = monitor.evidence().nowMillis * 1000
    const known = this.#feeds.map(({ completeness }) => completeness.at(nowMicros))
    this.common = JSON.stringify(commonOf(sources, this.#feeds, known)).slice(1, -1)
    this.#rows = this.#feeds.map((stats, index) => JSON.stringify(rowOf(monitor, stats, known[index]!, index)))
    this.#pointsMade = this.#feeds.map((stats) => monitor.history(stats).pointsMade)
  }

  /** Whether it tells of these feeds, in this order. */
  isOf(feeds: ReadonlyArray<FeedStats>): boolean {
    return this.#feeds === feeds
  }

  /** Whether the `Hello` of `other` still holds: the same feeds, so that their places mean the same, with the same objectives. */
  hasHelloOf(other: LiveSnapshot): boolean {
    return this.#feeds === other.#feeds
      && this.#objectives.every((objective, index) => objective === other.#objectives[index])
  }

  /** The `Hello` of a page that begins with this snapshot. */
  get hello(): string {
    return this.#hello ??= JSON.stringify(helloOf(this.#sources, this.#feeds))
  }

  /** Feeds and points of a tick, for a page that knows the snapshot `told`, or nothing. */
  newsSince(told: LiveSnapshot | null): string {
    if (told === null) return `"feeds":[${this.#rows.join()}],"points":[]`
    const known = this.#news.get(told)
    if (known !== undefined) return known
    const rows = this.#rows.filter((row, index) => row !== told.#rows[index])
    const points = this.#feeds.flatMap((stats, index) =>
      this.#pointsMade[index] === told.#pointsMade[index]
        ? []
        : [[index, rounded(this.#sources.monitor.history(stats).lastPoint)]]
    )
    const news = `"feeds":[${rows.join()}],"points":${JSON.stringify(points)}`
    this.#news.set(told, news)
    return news
  }
}
