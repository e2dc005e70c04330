import { type Clock, Effect, Semaphore } from "effect"
import type { Venue } from "../domain/Venue.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"

/** At most `count` attempts within any span of `perMillis`. */
export interface Limit {
  readonly count: number
  readonly perMillis: number
}

/** Between any two attempts to a venue, so that what a pause has held back does not come as one burst. */
const spacingMillis = 50

interface VenueState {
  /** Attempts are made one after another, in the order in which they were asked for. */
  readonly turn: Semaphore.Semaphore
  /** When the latest attempts were made, oldest first, in monotonic milliseconds. */
  readonly attempts: Array<number>
  lastAttempt: number
  pausedUntil: number
}

/** Keeps attempts of one kind within what each venue tolerates of them. */
export interface VenueAttempts {
  /** Returns when an attempt is allowed, and counts it. */
  readonly acquire: (venue: Venue, limit: Limit) => Effect.Effect<void>
  /** Lets no attempt to `venue` start for `millis`, also none that waits already; false when that was so anyway. */
  readonly pause: (venue: Venue, millis: number) => Effect.Effect<boolean>
}

export const make = (clock: Clock.Clock): VenueAttempts => {
  const states = new Map<Venue, VenueState>()
  const stateOf = (venue: Venue): VenueState => {
    const known = states.get(venue)
    if (known !== undefined) return known
    const state: VenueState = {
      turn: Semaphore.makeUnsafe(1),
      attempts: [],
      lastAttempt: -spacingMillis,
      pausedUntil: 0
    }
    states.set(venue, state)
    return state
  }
  const wait = Effect.fnUntraced(function*(state: VenueState, limit: Limit) {
    while (true) {
      const now = monotonicMillis(clock)
      while (state.attempts.length > 0 && state.attempts[0]! + limit.perMillis <= now) state.attempts.shift()
      const free = state.attempts.length < limit.count ? now : state.attempts[0]! + limit.perMillis
      const allowed = Math.max(free, state.lastAttempt + spacingMillis, state.pausedUntil)
      if (allowed <= now) {
        state.attempts.push(now)
        state.lastAttempt = now
        return
      }
      yield* Effect.sleep(allowed - now)
    }
  })
  return {
    acquire: (venue, limit) =>
      Effect.suspend(() => {
        const state = stateOf(venue)
        return state.turn.withPermit(wait(state, limit))
      }),
    pause: (venue, millis) =>
      Effect.sync(() => {
        const state = stateOf(venue)
        const now = monotonicMillis(clock)
        const paused = state.pausedUntil > now
        state.pausedUntil = Math.max(state.pausedUntil, now + millis)
        return !paused
      })
  }
}
