import { Record } from "effect"
import { CompletenessWindow } from "./CompletenessWindow.ts"
import type { SinkStats } from "./SinkStats.ts"
import type { FeedStats } from "./Telemetry.ts"

/** What is told of the sinks of a whole run. */
export type SinkTotals = Pick<SinkStats, "rowsLost" | "writeErrors">

/** What is told of the feeds of a whole run. */
export type FeedTotals =
  & Pick<FeedStats, "events" | "dropped" | "parseErrors" | "repairRequests">
  & { readonly completeness: Pick<CompletenessWindow, "gapsBy"> }

type Totals = FeedTotals & SinkTotals

const noSink: SinkTotals = { rowsLost: 0, writeErrors: 0 }

const plusSink = (one: SinkTotals, other: SinkTotals): SinkTotals => ({
  rowsLost: one.rowsLost + other.rowsLost,
  writeErrors: one.writeErrors + other.writeErrors
})

const noFeed: Totals = {
  events: 0,
  dropped: 0,
  parseErrors: 0,
  ...noSink,
  repairRequests: { Page: 0, Busy: 0, Refused: 0, Failed: 0 },
  completeness: { gapsBy: new CompletenessWindow().gapsBy }
}

const plusFeed = (one: Totals, other: Totals): Totals => ({
  events: one.events + other.events,
  dropped: one.dropped + other.dropped,
  parseErrors: one.parseErrors + other.parseErrors,
  ...plusSink(one, other),
  repairRequests: Record.map(one.repairRequests, (count, result) => count + other.repairRequests[result]),
  completeness: {
    gapsBy: Record.map(one.completeness.gapsBy, (count, cause) => count + other.completeness.gapsBy[cause])
  }
})

/** Counters that are shown no longer: one by one while something is under way, and then as one sum, however many there were. */
export interface RemovedStats<Sum, Stats> {
  readonly add: (stats: Stats) => void
  /** Which together are what was counted. */
  readonly all: () => ReadonlyArray<Sum>
}

const make = <Sum, Stats extends Sum>(
  nothing: Sum,
  plus: (one: Sum, other: Sum) => Sum,
  isUnderWay: (stats: Stats) => boolean
): RemovedStats<Sum, Stats> => {
  let sum = nothing
  let underWay: ReadonlyArray<Stats> = []
  return {
    add: (stats) => {
      const { done = [], open = [] } = Object.groupBy(
        [...underWay, stats],
        (each) => isUnderWay(each) ? "open" : "done"
      )
      sum = done.reduce(plus, sum)
      underWay = open
    },
    all: () => [sum, ...underWay]
  }
}

/** Rows that are under way may still be lost; those that a closing sink gave up are told of when the journal closes. */
const hasRows = ({ filesOpen, rowsBuffered, rowsUnwritten }: SinkStats): boolean =>
  filesOpen + rowsBuffered + rowsUnwritten > 0

/** For feeds. */
export const ofFeeds = (): RemovedStats<Totals, FeedStats> =>
  make(noFeed, plusFeed, (stats: FeedStats) => stats.eventsQueued > 0 || hasRows(stats))

/** For series that are no feeds. */
export const ofSeries = (): RemovedStats<SinkTotals, SinkStats> => make(noSink, plusSink, hasRows)
