import type { Gap } from "../domain/Gap.ts"
import { type GapIds, parse } from "../domain/GapIds.ts"
import type { ChainedFile } from "./FileChain.ts"
import { gapSpan } from "./gapSpan.ts"
import { meeting, type Span } from "./Span.ts"

/** A file that says how many gaps were counted while it was written. */
export interface CountingFile extends ChainedFile {
  /** Holes in the venue's numbers. Null where nobody could say: it was finished by a start after a crash, or says nothing of itself. */
  readonly gaps: number | null
  /** Gaps of any cause. Null where nobody could say, and for versions that did not. */
  readonly newGaps: ReadonlyArray<GapIds> | null
}

/** A file that knows of gaps of which no record tells. */
export interface UntoldGaps {
  readonly file: string
  /** So many of them are recorded nowhere. */
  readonly gaps: number
  readonly span: Span
}

/** Far longer than events wait between their receipt and their file; microseconds. */
const waitMicros = 5_000_000

/** Answers how many of some gaps no record tells of. */
const missingRecords = (gaps: ReadonlyArray<Gap>): (ids: GapIds) => number => {
  const recorded = Map.groupBy(gaps.flatMap(({ id }) => parse(id) ?? []), ({ run }) => run)
  return ({ first, last, run }) =>
    last - first + 1 - (recorded.get(run) ?? []).filter(({ number }) => first <= number && number <= last).length
}

/** Files that know of gaps of which no record tells anything: those records are not there yet, or not any more. */
export const untoldGaps = (
  files: ReadonlyArray<CountingFile>,
  gaps: ReadonlyArray<Gap>,
  covered: ReadonlyArray<Span>,
  chained: ReadonlyArray<ChainedFile>
): ReadonlyArray<UntoldGaps> => {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const anyMeets = meeting(gaps.map((gap) => gapSpan(gap, Infinity)))
  const missing = missingRecords(gaps)
  return chained.flatMap(({ path: file }, index): ReadonlyArray<UntoldGaps> => {
    const span = covered[index]
    const counting = byPath.get(file)
    if (span === undefined || counting === undefined) return []
    if (counting.newGaps === null) {
      const counted = counting.gaps ?? 0
      // A gap is counted when it is found, and events that wait to be written go into the next file.
      const told = counted === 0 || anyMeets({ from: span.from, to: span.to + waitMicros })
      return told ? [] : [{ file, gaps: counted, span }]
    }
    const untold = counting.newGaps.reduce((sum, ids) => sum + missing(ids), 0)
    // They may have been found after its last row, and may last longer than it.
    const to = Math.max(span.to, covered[index + 1]?.to ?? span.to)
    return untold === 0 ? [] : [{ file, gaps: untold, span: { from: span.from, to } }]
  })
}

/**
 * The time of files whose rule shows holes and that do not say how many there were, each with that of the file after it, in which the
 * start stands that finished them. Without any record of gaps nothing follows for it from there being none.
 */
export const uncountedTime = (files: ReadonlyArray<CountingFile>): ReadonlyArray<Span> => {
  const oldestFirst = files.toSorted((a, b) => a.firstReceived - b.firstReceived)
  const next = new Map(oldestFirst.map((file) => [file.link?.previousFile ?? "", file]))
  return oldestFirst.flatMap((file, index): ReadonlyArray<Span> => {
    const { firstReceived, gaps, lastReceived, link, path } = file
    if (gaps !== null || link?.provable !== true) return []
    const after = next.get(path) ?? oldestFirst[index + 1]
    return [{ from: firstReceived, to: Math.max(lastReceived, after?.lastReceived ?? lastReceived) + 1 }]
  })
}
