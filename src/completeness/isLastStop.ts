import type { Gap } from "../domain/Gap.ts"

/** Between the last sign of life of one feed and the newest row of any, when all stop together: pings are the only sign of a quiet one. */
const stopMicros = 120_000_000

/**
 * Whether `gap` is the stop with which everything that is known ends, so that it leaves nothing out of that; `newest` is the newest of
 * any feed. What comes after it is missing only for who asks for it.
 */
export const isLastStop = (
  { cause, openedMicros, status }: Gap,
  { newest, to }: { readonly newest: number; readonly to: number | null }
): boolean => to === null && status === "open" && cause === "recorder_stopped" && newest - openedMicros <= stopMicros
