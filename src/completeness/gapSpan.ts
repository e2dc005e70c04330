import type { Gap } from "../domain/Gap.ts"
import type { Span } from "./Span.ts"

/** The time that a gap touches; one that is open lasts to `end`. */
export const gapSpan = ({ closedMicros, openedMicros, status }: Gap, end: number): Span => ({
  from: openedMicros,
  to: Math.max(openedMicros, status === "open" ? end : closedMicros ?? openedMicros)
})
