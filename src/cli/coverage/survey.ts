import { coverageOf, type Evidence, type FeedCoverage } from "../../completeness/Coverage.ts"
import { type Break, follow } from "../../completeness/FileChain.ts"
import { takenOver } from "../../completeness/takenOver.ts"
import type { Oddity, Source } from "../inspect/Source.ts"
import { type Archive, readArchive, type RecordedSeries } from "./Archive.ts"
import { Effect } from "effect"
import type { FeedFilter } from "./feedFilter.ts"
import { select } from "./selection.ts"

/** One feed of one recorder. */
export interface SurveyedFeed {
  /** `<exchange>/<normalized symbol>/<data type>`. */
  readonly feed: string
  readonly exchange: string
  readonly symbol: string
  readonly dataType: string
  readonly homeServer: string | null
  readonly rule: string | null
  readonly files: number
  /** Whether the recorded gaps were looked for. */
  readonly ledgerKnown: boolean
  readonly coverage: FeedCoverage
}

/** What a place proves. */
export interface Survey {
  readonly feeds: ReadonlyArray<SurveyedFeed>
  readonly problems: ReadonlyArray<Oddity>
  readonly links: Archive["links"]
  readonly leftOut: Source["leftOut"]
  readonly gone: number
}

/** What is asked for. */
export interface Question {
  readonly asked: FeedFilter
  /** Microseconds since the epoch; null for as far as there is something. */
  readonly from: number | null
  readonly to: number | null
  readonly verify: boolean
}

const dataTypes = ["orderbook", "trade"] as const

const marketOf = ({ exchange, homeServer, symbol }: RecordedSeries): string =>
  `${exchange}/${symbol} ${homeServer ?? ""}`

/** Files of one market of one recorder. */
interface Market {
  readonly exchange: string
  readonly symbol: string
  readonly homeServer: string | null
  readonly series: Map<string, RecordedSeries>
}

const markets = (series: ReadonlyArray<RecordedSeries>): ReadonlyArray<Market> => {
  const all = new Map<string, Market>()
  for (const each of series) {
    const { exchange, homeServer, rowType, symbol } = each
    const market = all.get(marketOf(each)) ?? { exchange, symbol, homeServer, series: new Map() }
    market.series.set(rowType, each)
    all.set(marketOf(each), market)
  }
  return [...all].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, market]) => market)
}

/** Works out the coverage of every feed in what was read. */
const survey = (source: Source, archive: Archive, skipped: ReadonlySet<string>, { asked, from, to }: Question) => {
  const newest = archive.series.reduce((latest, each) => Math.max(latest, each.newest), -Infinity)

  /** Nothing follows from the absence of a file that lies outside, was not to be read, or is just on its way. */
  const elsewhereOf = (bases: ReadonlySet<string>) => (key: string): boolean =>
    skipped.has(key) || archive.gone.has(key)
    || bases.size > 0 && [...bases].every((base) => !source.contains(base + key))

  const ledgerBreaks = (ledger: RecordedSeries | undefined): ReadonlyArray<Break> => {
    if (ledger === undefined) return []
    const { bases, files, unreadable } = ledger
    const { breaks } = follow(files, { elsewhere: elsewhereOf(bases), unreadable: (path) => unreadable.has(path) })
    const named = new Set(breaks.map(({ previous }) => previous))
    // What an unreadable file says may be of any time after it.
    const last = [...unreadable].filter(([path]) => !named.has(path)).map(([path, beginning]): Break => ({
      file: null,
      previous: path,
      reason: "unreadable",
      span: { from: beginning, to: Math.max(beginning, to ?? newest) }
    }))
    return [...breaks, ...last]
  }

  const feeds: Array<SurveyedFeed> = []
  for (const { exchange, homeServer, series, symbol } of markets(archive.series)) {
    const ledger = series.get("gap")
    const breaks = ledgerBreaks(ledger)
    for (const dataType of dataTypes) {
      const feed = `${exchange}/${symbol}/${dataType}`
      const rows = series.get(dataType)
      const gaps = [...ledger?.gaps.values() ?? []].filter((gap) => gap.dataType === dataType)
      if (!asked(feed) || (rows === undefined && gaps.length === 0)) continue
      const bases = rows?.bases ?? ledger?.bases ?? new Set<string>()
      const ledgerFolder = `${exchange}/${symbol}/gap/`
      const evidence: Evidence = {
        files: rows?.files ?? [],
        gaps: takenOver(gaps, rows?.files ?? []),
        ledgerKnown: ledger !== undefined || [...bases].some((base) => source.contains(base + ledgerFolder)),
        ledgerFound: ledger !== undefined,
        ledgerBreaks: breaks,
        unreadable: rows?.unreadable ?? new Map(),
        elsewhere: elsewhereOf(bases)
      }
      const coverage = coverageOf(evidence, { from, to, newest })
      if (coverage.hours.length === 0) continue
      feeds.push({
        feed,
        exchange,
        symbol,
        dataType,
        homeServer,
        rule: rows?.rule ?? null,
        files: evidence.files.length,
        ledgerKnown: evidence.ledgerKnown,
        coverage
      })
    }
  }
  return feeds.toSorted((a, b) => a.feed < b.feed ? -1 : a.feed > b.feed ? 1 : 0)
}

/** Reads what a question needs of a place, and answers it. */
export const surveyOf = Effect.fnUntraced(function*(source: Source, question: Question) {
  const { chosen, skipped } = select(source.files, source.address, question.asked, question)
  const archive = yield* readArchive(source, chosen, question.verify)
  const answer: Survey = {
    feeds: survey(source, archive, skipped, question),
    problems: archive.problems,
    links: archive.links,
    leftOut: source.leftOut,
    gone: archive.gone.size
  }
  return answer
})
