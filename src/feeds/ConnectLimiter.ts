import { Clock, Context, Deferred, Effect, Layer, type Scope, Semaphore } from "effect"
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
  /** Connections are replaced one after another, so that no two feeds rest on new ones at once. */
  readonly replacing: Semaphore.Semaphore
}

/** Keeps the connection attempts of all feeds of a venue within what the venue tolerates. */
export class ConnectLimiter extends Context.Service<ConnectLimiter, {
  /** Returns when an attempt is allowed, and counts it. */
  readonly acquire: (venue: Venue, limit: Limit) => Effect.Effect<void>
  /** Lets no attempt to `venue` start for `millis`, also none that waits already; false when that was so anyway. */
  readonly pause: (venue: Venue, millis: number) => Effect.Effect<boolean>
  /** Returns when no other connection to `venue` is being replaced, or after `patienceMillis` all the same; closing the scope lets the next one. */
  readonly takeTurn: (venue: Venue, patienceMillis: number) => Effect.Effect<void, never, Scope.Scope>
}>()("ticklake/ConnectLimiter") {
  static readonly layer = Layer.effect(
    ConnectLimiter,
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const states = new Map<Venue, VenueState>()
      const stateOf = (venue: Venue): VenueState => {
        const known = states.get(venue)
        if (known !== undefined) return known
        const state: VenueState = {
          turn: Semaphore.makeUnsafe(1),
          attempts: [],
          lastAttempt: -spacingMillis,
          pausedUntil: 0,
          replacing: Semaphore.makeUnsafe(1)
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
      return ConnectLimiter.of({
        acquire: (venue, limit) =>
          Effect.suspend(() => {
            const state = stateOf(venue)
            return state.turn.withPermit(wait(state, limit))
          }),
        takeTurn: (venue, patienceMillis) =>
          Effect.gen(function*() {
            const turn = yield* Deferred.make<void>()
            // Held by a fiber of its own, so that it is given back however this ends.
            const hold = Effect.andThen(Deferred.succeed(turn, undefined), Effect.never)
            yield* Effect.forkScoped(stateOf(venue).replacing.withPermit(hold))
            yield* Deferred.await(turn).pipe(
              Effect.timeoutOrElse({ duration: patienceMillis, orElse: () => Effect.void })
            )
          }),
        pause: (venue, millis) =>
          Effect.sync(() => {
            const state = stateOf(venue)
            const now = monotonicMillis(clock)
            const paused = state.pausedUntil > now
            state.pausedUntil = Math.max(state.pausedUntil, now + millis)
            return !paused
          })
      })
    })
  )
}
