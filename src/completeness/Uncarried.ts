import type { GapCause } from "../domain/Gap.ts"

/** A span in which events may be missing, and the numbers of the connections before and after it. */
export interface Uncarried {
  readonly cause: GapCause
  readonly openedMicros: number
  readonly closedMicros: number
  readonly before: number
  readonly after: number
}
