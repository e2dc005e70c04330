import type { Gap } from "../domain/Gap.ts"
import type { Venue } from "../domain/Venue.ts"
import type { RecordedRow } from "./audit.ts"
import type { GeneratedTrade } from "./Simulator.ts"

/** The row of a trade. */
export type RecordedTrade = Pick<RecordedRow, "sequenceId" | "exchangeMicros" | "data">

export interface AuditTradesOptions {
  readonly venue: Venue
  /** Everything that happened on the market, oldest first. */
  readonly generated: ReadonlyArray<GeneratedTrade>
  /** Every row of the feed, in any order. */
  readonly rows: ReadonlyArray<RecordedTrade>
  /** What was said of the symbol's gaps, in any order, earlier revisions included. */
  readonly gaps: ReadonlyArray<Gap>
  /** Only trades after the one moment and before the other must be recorded or explained. Milliseconds since the epoch. */
  readonly fromMillis: number
  readonly untilMillis: number
  /** How far the times of trades and those of gaps, which are of receipt, may lie apart. */
  readonly toleranceMillis?: number
}

/** How the rows and the gaps of one feed of trades compare with what happened. */
export interface TradesAudit {
  /** Trades that had to be recorded or explained. */
  readonly generated: number
  /** How many of these are in the rows, and how many are not but within a gap that says so. */
  readonly recorded: number
  readonly inGaps: number
  /** In no row, and nothing says so. */
  readonly missingOutsideGaps: ReadonlyArray<GeneratedTrade>
  /** In more than one row. */
  readonly doubled: ReadonlyArray<GeneratedTrade>
  /** Rows of trades that never happened. */
  readonly neverGenerated: ReadonlyArray<RecordedTrade>
  /** Gaps that are called missing although nothing in them was lost, and the venue's ids could tell. */
  readonly falseGaps: ReadonlyArray<Gap>
  /** Gaps that are called missing although nothing in them was lost, which nobody could know. */
  readonly needlessGaps: ReadonlyArray<Gap>
  /** Gaps with known ids of which another number of trades was lost. */
  readonly wrongSizes: ReadonlyArray<{ readonly gap: Gap; readonly lost: number }>
}

/** Venues whose trades follow each other by one, so that ids tell what is missing. */
const consecutive: ReadonlySet<Venue> = new Set<Venue>(["binance", "coinbase", "okx"])

const defaultToleranceMillis = 500

const keyOf = (id: string, atMillis: number) => `${id}@${atMillis}`

/** The ids that a row stands for: OKX sends the fills of an order at one price as one trade, named by the last. */
const coveredIds = (venue: Venue, { data, sequenceId }: RecordedTrade): ReadonlyArray<string> => {
  const count = venue === "okx" ? Number(/"count":"(\d+)"/.exec(data)?.[1] ?? 1) : 1
  if (count === 1) return [sequenceId]
  const last = BigInt(sequenceId)
  return Array.from({ length: count }, (_, back) => String(last - BigInt(back)))
}

const latestOf = (gaps: ReadonlyArray<Gap>): ReadonlyArray<Gap> => {
  const latest = new Map<string, Gap>()
  for (const gap of gaps) {
    const known = latest.get(gap.id)
    if (gap.dataType === "trade" && (known === undefined || known.revision < gap.revision)) latest.set(gap.id, gap)
  }
  return [...latest.values()]
}

/** How often each generated trade is in the rows, and the rows of trades that never happened. */
const countRows = ({ generated, rows, venue }: AuditTradesOptions) => {
  const places = new Map(generated.map(({ atMillis, id }, place) => [keyOf(id, atMillis), place]))
  const placesById = new Map(generated.map(({ id }, place) => [id, place]))
  const times = generated.map(() => 0)
  const neverGenerated: Array<RecordedTrade> = []
  // What happened before is forgotten, so a row of it cannot be judged.
  const beginsAt = generated[0]?.atMillis ?? Number.POSITIVE_INFINITY
  for (const row of rows) {
    const atMillis = row.exchangeMicros === null ? null : Math.floor(row.exchangeMicros / 1_000)
    let unknown = false
    for (const id of coveredIds(venue, row)) {
      const place = atMillis === null ? placesById.get(id) : places.get(keyOf(id, atMillis))
      if (place === undefined) unknown = true
      else times[place] = (times[place] ?? 0) + 1
    }
    if (unknown && (atMillis === null || atMillis >= beginsAt)) neverGenerated.push(row)
  }
  return { times, neverGenerated }
}

interface Ids {
  readonly first: bigint
  readonly last: bigint
}

const knownIds = (venue: Venue, { firstMissingId, lastMissingId }: Gap): Ids | null =>
  !consecutive.has(venue) || firstMissingId === null || lastMissingId === null
    ? null
    : { first: BigInt(firstMissingId), last: BigInt(lastMissingId) }

/**
 * Accounts for every trade of a market: it is in the rows exactly once, or its loss is told by a gap that is open or
 * missing, by its id where the venue's ids follow each other, by its time elsewhere.
 */
export const auditTrades = (options: AuditTradesOptions): TradesAudit => {
  const { fromMillis, generated, toleranceMillis = defaultToleranceMillis, untilMillis, venue } = options
  const { neverGenerated, times } = countRows(options)
  const uses = new Map<string, number>()
  for (const { id } of generated) uses.set(id, (uses.get(id) ?? 0) + 1)
  const counts = ({ atMillis }: GeneratedTrade) => atMillis > fromMillis && atMillis < untilMillis
  const isNear = ({ closedMicros, openedMicros }: Gap, { atMillis }: GeneratedTrade) =>
    atMillis >= openedMicros / 1_000 - toleranceMillis &&
    (closedMicros === null || atMillis <= closedMicros / 1_000 + toleranceMillis)

  const lost = generated.filter((_, place) => times[place] === 0)
  const explained = new Set<GeneratedTrade>()
  const falseGaps: Array<Gap> = []
  const needlessGaps: Array<Gap> = []
  const wrongSizes: Array<{ readonly gap: Gap; readonly lost: number }> = []
  for (const gap of latestOf(options.gaps)) {
    const ids = knownIds(venue, gap)
    // An id that was used twice, because the venue numbered anew, is told apart by its time.
    const within = lost.filter((trade) => {
      if (ids === null) return isNear(gap, trade)
      const id = BigInt(trade.id)
      return id >= ids.first && id <= ids.last && (uses.get(trade.id) === 1 || isNear(gap, trade))
    })
    if (gap.status === "open" || gap.status === "missing") {
      for (const trade of within) explained.add(trade)
      if (ids !== null && gap.missing !== within.length) wrongSizes.push({ gap, lost: within.length })
    }
    if (gap.status !== "missing" || within.length > 0) continue
    if (consecutive.has(venue) || gap.missing !== null) falseGaps.push(gap)
    else needlessGaps.push(gap)
  }
  const due = lost.filter(counts)
  return {
    generated: generated.filter(counts).length,
    recorded: generated.filter((trade, place) => counts(trade) && times[place] !== 0).length,
    inGaps: due.filter((trade) => explained.has(trade)).length,
    missingOutsideGaps: due.filter((trade) => !explained.has(trade)),
    doubled: generated.filter((_, place) => (times[place] ?? 0) > 1),
    neverGenerated,
    falseGaps,
    needlessGaps,
    wrongSizes
  }
}
