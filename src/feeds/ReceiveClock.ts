import type { Clock } from "effect/Clock"
import { monotonicMicros } from "../runtime/monotonic.ts"

/** Stamps frames in microseconds since the epoch. */
export interface ReceiveClock {
  /** The present; never earlier than what it returned before. */
  readonly nowMicros: () => number
}

/**
 * A clock with microseconds that never leaves the system clock's present millisecond.
 *
 * The system clock is read for each frame, because a monotonic counter alone drifts away from it over days; the
 * monotonic counter only places the frame within that millisecond. When the system clock is set back, time stands
 * still until it has caught up.
 */
export const makeReceiveClock = (clock: Clock): ReceiveClock => {
  let offset = clock.currentTimeMillisUnsafe() * 1000 - monotonicMicros(clock)
  let last = 0
  return {
    nowMicros: () => {
      const wall = clock.currentTimeMillisUnsafe() * 1000
      const monotonic = monotonicMicros(clock)
      let now = monotonic + offset
      if (now < wall) now = wall
      else if (now > wall + 999) now = wall + 999
      offset = now - monotonic
      if (now > last) last = now
      return last
    }
  }
}
