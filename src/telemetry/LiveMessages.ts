import type { Space } from "./DiskSpace.ts"
import type { Health } from "./Health.ts"
import type { Entry } from "./RecentLog.ts"
import type { FeedState } from "./Telemetry.ts"

/** What does not change while a page is open, and the past of what does. The first event of the stream, `hello`. */
export interface Hello {
  readonly version: string
  /** Seconds in one point of a sparkline. */
  readonly pointSeconds: number
  readonly feeds: ReadonlyArray<{
    readonly exchange: string
    readonly symbol: string
    readonly dataType: string
    /** Share that is to be recorded; 0 for none in particular. */
    readonly objective: number
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
  openFile: string | null,
  /** Share that is recorded, of the last day as far as it is known; false where nobody could prove it, null where nothing is known yet. */
  complete: number | false | null,
  /** Of the last day, in gaps whose missing events nobody can count; in all gaps where nothing can be proven. */
  gapSeconds: number,
  /** From when on it is known what is missing, milliseconds since the epoch. */
  knownSince: number | null
]

/** What has changed within a second. The event `tick`. */
export interface Tick {
  /** Milliseconds since the epoch, by the recorder's clock. */
  readonly now: number
  readonly health: Omit<Health, "feeds">
  readonly eventsPerSecond: number
  /** Of the feeds of which it can be proven. */
  readonly complete: {
    readonly provable: number
    /** Those without any loss. */
    readonly whole: number
    /** Share of the feed that lacks most; null where there is none. */
    readonly lowest: number | null
    /** Since when it is known of all of them, milliseconds since the epoch; null where there is none. */
    readonly knownSince: number | null
  }
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
