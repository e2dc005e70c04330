import type { Gap } from "../domain/Gap.ts"
import { isLastStop } from "./isLastStop.ts"
import { type Break, type ChainedFile, follow, type Unread } from "./FileChain.ts"
import { type CountingFile, uncountedTime, type UntoldGaps, untoldGaps } from "./gapCounts.ts"
import { gapSpan } from "./gapSpan.ts"
import { clip, hourOf, lastHourOf, meet, type Span, without } from "./Span.ts"

/**
 * What is known of an hour of a feed, best first.
 *
 * - `proven`: the venue's numbers can show holes, the chain of files is unbroken, and no gap touches the hour
 * - `repaired`: the same, and what a gap left out has been fetched
 * - `not provable`: the venue's numbers show nothing, or the files say nothing
 * - `hole`: a gap that is open or not repaired touches the hour
 * - `unexplained`: neither files nor gaps speak for all of it
 */
export const coverageClasses = ["proven", "repaired", "not provable", "hole", "unexplained"] as const
export type CoverageClass = (typeof coverageClasses)[number]

/** A file and what it holds. */
export interface CoveredFile extends CountingFile {
  readonly rowsByHour: ReadonlyMap<number, number>
}

/** Everything that is known of one feed of one recorder. */
export interface Evidence {
  readonly files: ReadonlyArray<CoveredFile>
  /** Of each gap how it stands. */
  readonly gaps: ReadonlyArray<Gap>
  /** False where the gaps of the feed are kept elsewhere, so that nothing follows from there being none. */
  readonly ledgerKnown: boolean
  /** Whether any file that tells of gaps is there. */
  readonly ledgerFound: boolean
  /** Where the chain of the files that tell of gaps does not hold. */
  readonly ledgerBreaks: ReadonlyArray<Break>
  /** Paths of files of the feed that cannot be read, with when they begin. */
  readonly unreadable: ReadonlyMap<string, number>
  readonly elsewhere: Unread["elsewhere"]
}

/** What is asked for, microseconds since the epoch. */
export interface Range {
  /** Null for the beginning of what there is. */
  readonly from: number | null
  /** Up to here everything is to be accounted for; null for the end of what there is. */
  readonly to: number | null
  /** How far gaps last that are still open, where `to` is null: the newest that is known of any feed. */
  readonly newest: number
}

export interface HourCoverage {
  /** Counted from the epoch. */
  readonly hour: number
  readonly class: CoverageClass
  /** Received in this hour. */
  readonly rows: number
  /** Null where nobody can tell. */
  readonly missing: number | null
  /** Those of them that are known. */
  readonly missingAtLeast: number
  /** Per cent, rounded down; null where it cannot be known. */
  readonly complete: number | null
}

export interface FeedCoverage {
  /** Hours of which something is known or had to be known, oldest first. */
  readonly hours: ReadonlyArray<HourCoverage>
  readonly breaks: ReadonlyArray<Break>
  /** Gaps with holes in the range, and those that were repaired. */
  readonly gaps: ReadonlyArray<Gap>
  readonly untold: ReadonlyArray<UntoldGaps>
  /** Files of which neither they nor a record tell the gaps. */
  readonly uncounted: number
  readonly rows: number
  readonly missing: number | null
  readonly missingAtLeast: number
  readonly complete: number | null
}

/** Per cent that is there, never rounded up to all of it; null where there is nothing to compare. */
export const completeness = (rows: number, missing: number): number | null =>
  rows + missing === 0 ? null : Math.floor(rows / (rows + missing) * 10_000) / 100

const isHole = ({ status }: Gap): boolean => status === "open" || status === "missing"

/** What is found about one hour on the way. */
interface Findings {
  rows: number
  spokenFor: boolean
  unexplained: boolean
  hole: boolean
  unproven: boolean
  repaired: boolean
  missing: number
  /** Some of what is missing cannot be counted, or not for this hour. */
  uncounted: boolean
}

const nothing = (): Findings => ({
  rows: 0,
  spokenFor: false,
  unexplained: false,
  hole: false,
  unproven: false,
  repaired: false,
  missing: 0,
  uncounted: false
})

const classOf = ({ hole, repaired, spokenFor, unexplained, unproven }: Findings): CoverageClass =>
  unexplained
    ? "unexplained"
    : hole
    ? "hole"
    : unproven || !spokenFor
    ? "not provable"
    : repaired
    ? "repaired"
    : "proven"

const hourCoverage = (hour: number, found: Findings): HourCoverage => {
  const { missing, rows, uncounted, unexplained, unproven } = found
  const known = found.spokenFor && !unexplained && !unproven && !uncounted
  return {
    hour,
    class: classOf(found),
    rows,
    missing: known ? missing : null,
    missingAtLeast: missing,
    complete: !known ? null : missing === 0 ? 100 : completeness(rows, missing)
  }
}

/** Works out from what is known of a feed what can be said of each hour. */
export const coverageOf = (evidence: Evidence, range: Range): FeedCoverage => {
  const { elsewhere, ledgerBreaks, ledgerFound, ledgerKnown, unreadable } = evidence
  const asked: Span = { from: range.from ?? -Infinity, to: range.to ?? Infinity }
  const gaps = evidence.gaps
    .filter((gap) => gap.status !== "dismissed" && !isLastStop(gap, range))
    .map((gap) => ({ gap, span: gapSpan(gap, range.to ?? range.newest) }))
    .filter(({ span }) => clip(span, asked) !== null)
  const chain = follow(evidence.files, { elsewhere, unreadable: (path) => unreadable.has(path) })

  const hours = new Map<number, Findings>()
  const at = (hour: number): Findings => {
    const found = hours.get(hour) ?? nothing()
    hours.set(hour, found)
    return found
  }
  const mark = (span: Span, note: (found: Findings) => void) => {
    const part = clip(span, asked)
    if (part === null) return
    for (let hour = hourOf(part.from); hour <= lastHourOf(part); hour++) note(at(hour))
  }

  const wholeHours: Span = {
    from: range.from === null ? -Infinity : hourOf(range.from),
    to: range.to === null ? Infinity : lastHourOf({ from: -Infinity, to: range.to })
  }
  for (const { rowsByHour } of evidence.files) {
    for (const [hour, rows] of rowsByHour) {
      if (hour >= wholeHours.from && hour <= wholeHours.to) at(hour).rows += rows
    }
  }

  const claim = claimOf(chain.files, gaps.map(({ span }) => span), [...unreadable.values()], range)
  if (claim !== null) mark(claim, (found) => void (found.spokenFor = true))
  const uncounted = ledgerFound ? [] : uncountedTime(evidence.files)
  for (const span of [...chain.unproven, ...uncounted]) mark(span, (found) => void (found.unproven = true))

  for (const { gap, span } of gaps) {
    if (!isHole(gap)) {
      mark(span, (found) => void (found.repaired = true))
      continue
    }
    // What an open gap takes has not ended.
    const inOneHour = gap.status !== "open" && hourOf(span.from) === lastHourOf(span)
    mark(span, (found) => {
      found.spokenFor = true
      found.hole = true
      if (inOneHour && gap.missing !== null) found.missing += gap.missing
      // Rows that were fetched afterwards stand in the hour in which they were received.
      if (!inOneHour || gap.missing === null || gap.recovered > 0) found.uncounted = true
    })
  }

  const untold = ledgerKnown ? untoldGaps(evidence.files, evidence.gaps, chain.covered, chain.files) : []
  const untoldInRange = untold.filter(({ span }) => clip(span, asked) !== null)
  for (const { span } of untoldInRange) {
    mark(span, (found) => {
      found.hole = true
      found.uncounted = true
    })
  }

  const named = new Set(chain.breaks.map(({ previous }) => previous))
  const breaks = [
    ...chain.breaks,
    ...ledgerBreaks,
    ...[...unreadable].filter(([path]) => !named.has(path)).map(([path, moment]): Break => ({
      file: null,
      previous: path,
      reason: "unreadable",
      span: { from: moment, to: moment }
    }))
  ].filter(({ span }) => clip(span, asked) !== null)
  const uncovered = claim === null
    ? []
    : without(claim, [...chain.covered, ...chain.unproven, ...gaps.map(({ span }) => span)])
      .flatMap((span) => clip(span, asked) ?? [])
  const shown = breaks.map(({ span }) => span)
  for (const span of [...shown, ...uncovered]) {
    mark(span, (found) => {
      found.spokenFor = true
      found.unexplained = true
    })
  }
  // What a broken link leaves uncovered has been told with it.
  const broken = new Set(chain.breaks.map(({ file }) => file))
  const alone = uncovered.filter((span) => !shown.some((each) => meet(each, span))).map((span): Break => ({
    file: chain.files.find(({ firstReceived }) => firstReceived >= span.to)?.path ?? null,
    previous: "",
    reason: "uncovered",
    span
  })).filter(({ file }) => file === null || !broken.has(file))

  for (const found of hours.values()) if (!ledgerKnown) found.unproven = true
  const told = [...hours]
    .filter(([, { rows, spokenFor }]) => spokenFor || rows > 0)
    .toSorted(([a], [b]) => a - b)
    .map(([hour, found]) => hourCoverage(hour, found))
  return {
    hours: told,
    breaks: [...breaks, ...alone].toSorted((a, b) => a.span.from - b.span.from),
    gaps: gaps.map(({ gap }) => gap).toSorted((a, b) => a.openedMicros - b.openedMicros),
    untold: untoldInRange,
    uncounted: uncounted.filter((span) => clip(span, asked) !== null).length,
    ...totals(told, gaps.map(({ gap }) => gap).filter(isHole), untoldInRange.length > 0)
  }
}

/** The time for which the files of a feed are to account: from the first of them to the last, or to what was asked for. */
const claimOf = (
  files: ReadonlyArray<ChainedFile>,
  gaps: ReadonlyArray<Span>,
  unreadable: ReadonlyArray<number>,
  { to: askedTo }: Range
): Span | null => {
  const spans = [
    ...files.map(({ firstReceived, lastReceived }): Span => ({ from: firstReceived, to: lastReceived + 1 })),
    ...unreadable.map((moment): Span => ({ from: moment, to: moment }))
  ]
  // A feed of which there are gaps alone accounts for time only where somebody asks for it.
  const known = spans.length > 0 ? spans : askedTo === null ? [] : gaps
  if (known.length === 0) return null
  const from = known.reduce((first, span) => Math.min(first, span.from), Infinity)
  const last = known.reduce((latest, span) => Math.max(latest, span.to), -Infinity)
  if (askedTo === null || askedTo <= last) return { from, to: last }
  return { from, to: askedTo }
}

const totals = (hours: ReadonlyArray<HourCoverage>, holes: ReadonlyArray<Gap>, anyUntold: boolean) => {
  const rows = hours.reduce((sum, each) => sum + each.rows, 0)
  const missingAtLeast = holes.reduce((sum, { missing }) => sum + (missing ?? 0), 0)
  const certain = hours.every((each) => each.class !== "unexplained" && each.class !== "not provable")
  const known = certain && !anyUntold && holes.every(({ missing, status }) => missing !== null && status !== "open")
  return {
    rows,
    missing: known ? missingAtLeast : null,
    missingAtLeast,
    complete: known ? completeness(rows, missingAtLeast) : null
  }
}
