import { Clock, Context, Deferred, Effect, Layer, type Scope, Semaphore } from "effect"
import type { Venue } from "../domain/Venue.ts"
import * as venueAttempts from "./venueAttempts.ts"

/** Keeps the connection attempts of all feeds of a venue within what the venue tolerates. */
export class ConnectLimiter extends Context.Service<
  ConnectLimiter,
  venueAttempts.VenueAttempts & {
    /**
     * Returns when no other connection to `venue` is being replaced, so that no two feeds rest on new ones at once, or after
     * `patienceMillis` all the same; closing the scope lets the next one.
     */
    readonly takeTurn: (venue: Venue, patienceMillis: number) => Effect.Effect<void, never, Scope.Scope>
  }
>()("ticklake/ConnectLimiter") {
  static readonly layer = Layer.effect(
    ConnectLimiter,
    Effect.map(Clock.Clock, (clock) => {
      const replacing = new Map<Venue, Semaphore.Semaphore>()
      const turns = (venue: Venue) => {
        const known = replacing.get(venue) ?? Semaphore.makeUnsafe(1)
        replacing.set(venue, known)
        return known
      }
      return ConnectLimiter.of({
        ...venueAttempts.make(clock),
        takeTurn: (venue, patienceMillis) =>
          Effect.gen(function*() {
            const turn = yield* Deferred.make<void>()
            // Held by a fiber of its own, so that it is given back however this ends.
            const hold = Effect.andThen(Deferred.succeed(turn, undefined), Effect.never)
            yield* Effect.forkScoped(turns(venue).withPermit(hold))
            yield* Deferred.await(turn).pipe(
              Effect.timeoutOrElse({ duration: patienceMillis, orElse: () => Effect.void })
            )
          })
      })
    })
  )
}
