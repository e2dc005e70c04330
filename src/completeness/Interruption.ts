import type { Event } from "../domain/Event.ts"
import type { Gap, GapCause } from "../domain/Gap.ts"
import { idTexts, type NewGaps, type Sized } from "./NewGaps.ts"
import type { Missing, Verdict } from "./Verdict.ts"

/** From when on events may be missing, until that ends. */
export interface Interruption {
  /** Null while nothing is wrong: the feed has just begun. */
  cause: GapCause | null
  /** What has been said of it. */
  gap: Gap | null
  openedMicros: number
  readonly connectionBefore: number | null
  /** Events that are known to be missing since; null where nobody can tell. */
  missing: number | null
  ids: Missing | null
}

/** What a start knows of: that a gap is open, or that something was received before `lastMicros`. */
export const fromBefore = (open: Gap | null, begun: boolean, lastMicros: number): Interruption => ({
  cause: open?.cause ?? (begun ? "recorder_crashed" : null),
  gap: open,
  // What is said of a gap may be on disk without the rows before it.
  openedMicros: Math.min(open?.openedMicros ?? Infinity, lastMicros),
  connectionBefore: open?.connectionBefore ?? null,
  missing: null,
  ids: null
})

/** What ended it did not last. */
export const reopened = (gap: Gap): Interruption => ({
  cause: gap.cause,
  gap,
  openedMicros: gap.openedMicros,
  connectionBefore: gap.connectionBefore,
  missing: gap.missing,
  ids: null
})

/** Whether it has been said that it is open. */
export const isOpen = ({ gap }: Interruption): boolean => gap?.status === "open"

/** Whether more events are known to be missing than has been said. */
export const hasWidened = ({ gap, missing }: Interruption): boolean => missing !== null && missing !== gap?.missing

/** A broken book: what else is missing before the next complete one. */
export const widen = (now: Interruption, event: Event, verdict: Verdict): void => {
  // A change that was held back may have been received before what is recorded.
  now.openedMicros = Math.min(now.openedMicros, event.timestampCollector)
  if (verdict._tag !== "Gap") return
  now.cause ??= "sequence_gap"
  if (verdict.missing === null) now.missing = now.ids = null
  if (now.missing === null || verdict.missing === null) return
  now.missing += verdict.missing.last - verdict.missing.first + 1
  if (now.ids !== null) now.ids = { first: now.ids.first, last: verdict.missing.last }
}

/** The statement that it is open, which it keeps; null where nothing is wrong. */
export const announced = (now: Interruption, gaps: NewGaps): Gap | null => {
  if (now.cause === null) return null
  const { missing, openedMicros } = now
  const said = now.gap === null
    ? first(now, now.cause, gaps, openedMicros, now)
    : { ...now.gap, revision: now.gap.revision + 1, openedMicros, connectionAfter: null, missing }
  now.gap = { ...said, status: "open", closedMicros: null }
  return now.gap
}

/** What ends it. */
interface End {
  readonly closedMicros: number
  readonly connectionAfter: number
}

/** The statement that nothing was missing. */
export const dismissed = (gap: Gap, end: End): Gap => ({
  ...gap,
  ...end,
  revision: gap.revision + 1,
  status: "dismissed",
  missing: 0
})

/** The statement that it has ended, and what is missing. */
export const ended = (now: Interruption, gaps: NewGaps, { sized, ...end }: End & { readonly sized: Sized }): Gap => {
  const said = now.gap ?? first(now, now.cause ?? "disconnected", gaps, end.closedMicros, sized)
  return {
    ...said,
    ...end,
    ...idTexts(sized.ids),
    openedMicros: now.openedMicros,
    revision: now.gap === null ? said.revision : said.revision + 1,
    status: "missing",
    missing: sized.missing
  }
}

const first = (
  { connectionBefore, openedMicros }: Interruption,
  cause: GapCause,
  gaps: NewGaps,
  closedMicros: number,
  sized: Sized
): Gap => gaps.make({ cause, openedMicros, closedMicros, sized, connectionBefore, connectionAfter: null })
