import type { Event } from "../domain/Event.ts"
import type { Gap, GapCause } from "../domain/Gap.ts"
import { type Sized, sized } from "./NewGaps.ts"
import type { Missing, Verdict } from "./Verdict.ts"

/** A span in which events may be missing, and the numbers of the connections before and after it. */
export interface Uncarried {
  readonly cause: GapCause
  readonly openedMicros: number
  readonly closedMicros: number
  readonly before: number
  readonly after: number
}

/** From when on events may be missing, until that ends. */
export class Interruption {
  /** Null while nothing is wrong: the feed has just begun. */
  cause: GapCause | null
  /** What has been said of it. */
  gap: Gap | null = null
  openedMicros: number
  readonly connectionBefore: number | null
  /** Events that are known to be missing since; null where nobody can tell. */
  missing: number | null
  ids: Missing | null

  constructor(
    cause: GapCause | null,
    openedMicros: number,
    connectionBefore: number | null,
    { ids, missing }: Sized = sized(null)
  ) {
    this.cause = cause
    this.openedMicros = openedMicros
    this.connectionBefore = connectionBefore
    this.missing = missing
    this.ids = ids
  }

  /** Beside the events that were known to be missing, others are now. */
  goOn(cause: GapCause): void {
    this.cause ??= cause
    this.missing = this.ids = null
  }

  /** So many of the events of a book are lost as well. */
  lose(cause: GapCause, openedMicros: number, missing: number): void {
    this.cause ??= cause
    this.openedMicros = Math.min(this.openedMicros, openedMicros)
    if (this.missing !== null) this.missing += missing
  }

  /** A change of a broken book came, and what else is missing before it. */
  widen(event: Event, verdict: Verdict): void {
    // A change that was held back may have been received before what is recorded.
    this.openedMicros = Math.min(this.openedMicros, event.timestampCollector)
    if (verdict._tag !== "Gap") return
    this.cause ??= "sequence_gap"
    if (verdict.missing === null) this.missing = this.ids = null
    if (this.missing === null || verdict.missing === null) return
    this.missing += verdict.missing.last - verdict.missing.first + 1
    if (this.ids !== null) this.ids = { first: this.ids.first, last: verdict.missing.last }
  }
}
