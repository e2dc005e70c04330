import type { Gap, GapCause } from "../domain/Gap.ts"
import type { Missing } from "./Verdict.ts"

/** From when on events may be missing, until that ends. */
export interface Interruption {
  /** Null while nothing is wrong: the feed has just begun. */
  cause: GapCause | null
  /** What has been said of it. */
  gap: Gap | null
  readonly openedMicros: number
  readonly connectionBefore: number | null
  /** Events that are known to be missing since; null where nobody can tell. */
  missing: number | null
  ids: Missing | null
}
