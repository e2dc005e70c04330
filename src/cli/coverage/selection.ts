import type { FeedFilter } from "./feedFilter.ts"
import { parse, type SeriesPath } from "../inspect/seriesPath.ts"

/** A file of a place, with what its address tells. */
export interface Candidate {
  readonly file: string
  /** Null where the address does not have the form of a sealed file's. */
  readonly at: SeriesPath | null
}

/** When rows are asked for, microseconds since the epoch; null for without end. */
interface Times {
  readonly from: number | null
  readonly to: number | null
}

const isAsked = (at: SeriesPath, asked: FeedFilter): boolean => {
  const feed = (dataType: string) => asked(`${at.exchange}/${at.symbol}/${dataType}`)
  // One ledger tells of both feeds of a symbol.
  return at.rowType === "gap" ? feed("orderbook") || feed("trade") : feed(at.rowType)
}

/**
 * Those of a series, oldest first, that may have rows in the range, the next one, which speaks for the time before it, and the one
 * before, for the gaps that a file lacks, or cannot count, may be in the time of the one after it.
 */
const within = (series: ReadonlyArray<Candidate>, { from, to }: Times): ReadonlyArray<Candidate> => {
  const beginning = ({ at }: Candidate) => at?.beginning ?? 0
  const first = from === null ? 0 : series.findLastIndex((each) => beginning(each) < from)
  const after = to === null ? -1 : series.findIndex((each) => beginning(each) >= to)
  return series.slice(Math.max(0, first - 1), after === -1 ? undefined : after + 1)
}

/** Chooses by their addresses which files must be read, and tells the keys of those that need not be. */
export const select = (
  files: ReadonlyArray<string>,
  address: (file: string) => string,
  asked: FeedFilter,
  times: Times
): { readonly chosen: ReadonlyArray<Candidate>; readonly skipped: ReadonlySet<string> } => {
  const chosen: Array<Candidate> = []
  const skipped = new Set<string>()
  const series = new Map<string, Array<Candidate>>()
  for (const file of files) {
    const at = parse(address(file))
    // What is said of a gap may be said days after it. What has another name may be anything.
    if (at === null || (at.rowType === "gap" && isAsked(at, asked))) chosen.push({ file, at })
    else if (isAsked(at, asked)) {
      const id = `${at.exchange}/${at.symbol}/${at.rowType}/${at.homeServer ?? ""}`
      const known = series.get(id)
      if (known === undefined) series.set(id, [{ file, at }])
      else known.push({ file, at })
    }
  }
  for (const each of series.values()) {
    const oldestFirst = each.toSorted((a, b) => (a.at?.beginning ?? 0) - (b.at?.beginning ?? 0))
    const read = new Set(within(oldestFirst, times))
    for (const candidate of oldestFirst) {
      if (read.has(candidate)) chosen.push(candidate)
      else if (candidate.at !== null) skipped.add(candidate.at.key)
    }
  }
  return { chosen, skipped }
}
