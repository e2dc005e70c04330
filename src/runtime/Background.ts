import { Cause, Effect, type Fiber, type Scope } from "effect"

/** Between a bug and the next try, so that one that comes at once each time fills neither a core nor the log. */
const pauseMillis = 1000

/** Runs `work` until it ends by itself: a bug in it is logged with its cause, and it begins anew. */
export const restarted = <A, R>(name: string, work: Effect.Effect<A, never, R>): Effect.Effect<A, never, R> =>
  Effect.catchCauseIf(
    work,
    (cause) => !Cause.hasInterruptsOnly(cause),
    (cause) =>
      Effect.logError(`a bug ended ${name}; recording goes on, and it begins anew`, cause).pipe(
        // The bug may be one of the log itself.
        Effect.catchCauseIf((cause) => !Cause.hasInterruptsOnly(cause), () => Effect.void),
        Effect.andThen(Effect.sleep(pauseMillis)),
        Effect.andThen(Effect.suspend(() => restarted(name, work)))
      )
  )

/** Does `step` again and again for as long as the scope is open; a fiber that dies unseen would leave it undone for ever. */
export const forkRepeated = <R>(
  name: string,
  step: Effect.Effect<unknown, never, R>
): Effect.Effect<Fiber.Fiber<never>, never, R | Scope.Scope> =>
  restarted(name, step).pipe(Effect.forever, Effect.forkScoped)
