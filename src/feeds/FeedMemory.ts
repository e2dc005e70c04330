import type { Sink } from "../sinks/Sink.ts"
import type { Before } from "../completeness/Continuity.ts"
import type { Gap } from "../domain/Gap.ts"

/** What is known of a feed from before this process. */
export interface FeedMemory {
  /** Null where it never had a row. */
  readonly tail: Sink["memory"]["tail"]
  /** Its gaps that are open or missing, in the order in which they were said. */
  readonly gaps: ReadonlyArray<Gap>
}

/** Where the counting of a feed stood when it was recorded last; null where that is not known. */
export const standing = ({ gaps, tail }: FeedMemory): Before | null => {
  const newest = Number(tail?.lastId)
  if (tail === null || !Number.isSafeInteger(newest)) return null
  const missing = gaps.flatMap(({ firstMissingId, lastMissingId, status }) =>
    status === "missing" && firstMissingId !== null && lastMissingId !== null
      ? [{ first: Number(firstMissingId), last: Number(lastMissingId) }]
      : []
  )
  // What is said to be missing may be newer than every row.
  const last = missing.reduce((highest, ids) => Math.max(highest, ids.last), newest)
  return { last, lastTime: tail.lastExchangeMicros, missing }
}
