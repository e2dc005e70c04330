import { Schema } from "effect"
import type { Missing } from "../completeness/Verdict.ts"

/** Why a book lacks changes. */
export const BreakCause = Schema.Literals([
  /** The venue's numbers say so. */
  "sequence_gap",
  /** The recorder could not write them. */
  "disk",
  /** The recorder had no room for them. */
  "queue_overflow",
  /** There was no connection, or nobody who recorded, and no complete book has come since. */
  "disconnected"
])
export type BreakCause = typeof BreakCause.Type

/** Events are missing; `missing` where the venue's numbers say which. */
export interface Hole {
  readonly missing: Missing | null
  readonly why: BreakCause
}

/** A book is of no use after a hole: only a new one helps, and venues send it to a new subscription. */
export class BookBroken extends Schema.TaggedError<BookBroken>()("BookBroken", {
  missing: Schema.NullOr(Schema.Struct({ first: Schema.Finite, last: Schema.Finite })),
  why: BreakCause
}) {
  override get message() {
    return `${holeText(this)}; the book is asked for anew`
  }
}

/** What is said of a hole; a venue is not blamed for what the recorder lost. */
export const holeText = ({ missing, why }: Hole): string => {
  switch (why) {
    case "sequence_gap":
      return missing === null
        ? "messages are missing by the venue's numbers, and it does not say how many"
        : `${missing.last - missing.first + 1} missing by the venue's numbers, ${missing.first} to ${missing.last}`
    case "disk":
      return "changes to the book were lost here, on their way to the disk"
    case "queue_overflow":
      return "changes to the book were lost here, for there was no room for them in memory"
    case "disconnected":
      return "the book lacks changes that came over no connection"
  }
}
