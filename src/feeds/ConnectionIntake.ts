import type { Event } from "../domain/Event.ts"
import type { GapCause } from "../domain/Gap.ts"
import type { Hole } from "./BookBroken.ts"

/** What one connection of a feed brings. */
export interface ConnectionIntake {
  /** Something in a frame could not be read; to be told before the events of that frame. */
  readonly unreadable: () => void
  /**
   * Takes the events of a frame, and the number that the venue gave the frame on its connection; answers the hole that was found
   * before or among them.
   */
  readonly receive: (events: ReadonlyArray<Event>, connectionSequence: number | null, nowMillis: number) => Hole | null
  /** Whether it delivers, so that the connection whose successor it is may go; by monotonic milliseconds. */
  readonly takesOver: (nowMillis: number) => boolean
  /** From here on nothing is missed because of it: its subscription is old enough to count, though the market may be quiet. */
  readonly counts: () => void
  /** It has ended, for `cause`; null where it was replaced. */
  readonly leave: (cause: GapCause | null) => void
}
