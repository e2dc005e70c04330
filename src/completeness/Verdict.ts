/** What the venue's numbers say of one event, seen after those before it. */
export type Verdict =
  | { readonly _tag: "InOrder" }
  /** Had been received before; it is no new row. */
  | { readonly _tag: "Duplicate" }
  /** Belongs before events that were received already, and is new; `filled` of the ids that were missing came with it. */
  | { readonly _tag: "OutOfOrder"; readonly filled: number }
  /** Events are missing before this one: those numbered `first` to `last`, or an unknown number where the venue does not count. */
  | { readonly _tag: "Gap"; readonly missing: Missing | null }
  /** The venue has begun to count anew; what was before cannot be compared with what comes. */
  | { readonly _tag: "Reset" }
  /** The venue gives this event no number that could be judged. */
  | { readonly _tag: "Unverifiable" }

/** Ids that were never received, both ends included. */
export interface Missing {
  readonly first: number
  readonly last: number
}

export const inOrder: Verdict = { _tag: "InOrder" }
export const duplicate: Verdict = { _tag: "Duplicate" }
export const reset: Verdict = { _tag: "Reset" }
export const unverifiable: Verdict = { _tag: "Unverifiable" }
