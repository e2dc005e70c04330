import type { Gap } from "../domain/Gap.ts"
import type { ChainedFile } from "./FileChain.ts"
import { gapSpan } from "./gapSpan.ts"
import { meeting, type Span } from "./Span.ts"

/** A file that says how many gaps were counted while it was written. */
export interface CountingFile extends ChainedFile {
  /** Null where nobody could say: it was finished by a start after a crash, or says nothing of itself. */
  readonly gaps: number | null
}

/** A file that counts gaps where no record tells of one. */
export interface UntoldGaps {
  readonly file: string
  readonly gaps: number
  readonly span: Span
}

/** Far longer than events wait between their receipt and their file; microseconds. */
const waitMicros = 5_000_000

/** Files that count gaps in a time of which no record tells anything: those records are not there yet, or not any more. */
export const untoldGaps = (
  files: ReadonlyArray<CountingFile>,
  gaps: ReadonlyArray<Gap>,
  covered: ReadonlyArray<Span>,
  chained: ReadonlyArray<ChainedFile>
): ReadonlyArray<UntoldGaps> => {
  const counts = new Map(files.map((file) => [file.path, file.gaps]))
  const anyMeets = meeting(gaps.map((gap) => gapSpan(gap, Infinity)))
  return chained.flatMap(({ path }, index) => {
    const span = covered[index]
    const counted = counts.get(path) ?? 0
    if (counted === 0 || span === undefined) return []
    // A gap is counted when it is found, and events that wait to be written go into the next file.
    return anyMeets({ from: span.from, to: span.to + waitMicros }) ? [] : [{ file: path, gaps: counted, span }]
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
