import type { Gap } from "../domain/Gap.ts"

/** Within this time after one feed has stopped, all others of the recorder have. */
const stopMicros = 10_000_000

/**
 * Whether `gap` is the stop with which everything that is known ends, so that it leaves nothing out of that; `newest` is the newest of
 * any feed. What comes after it is missing only for who asks for it.
 */
export const isLastStop = (
  { cause, openedMicros, status }: Gap,
  { newest, to }: { readonly newest: number; readonly to: number | null }
): boolean => to === null && status === "open" && cause === "recorder_stopped" && newest - openedMicros <= stopMicros
