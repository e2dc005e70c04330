import { Clock, type Duration, Effect, Fiber, Layer, Option, Scope } from "effect"

/** Runs `self` on its own fiber, so that whoever waits for it can leave while it is still winding down. */
const disconnect = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkDetach(self, { startImmediately: true })
      return yield* restore(Fiber.join(fiber)).pipe(
        Effect.onInterrupt(() => Effect.sync(() => fiber.interruptUnsafe()))
      )
    })
  )

/** One step of the stop: bounded by `limit`, logged, and never failing, so that the steps after it always run. */
export const phase =
  (name: string, limit: Duration.Input) => <E, R>(self: Effect.Effect<unknown, E, R>): Effect.Effect<void, never, R> =>
    Effect.gen(function*() {
      const startedAt = yield* Clock.currentTimeMillis
      const outcome = yield* Effect.exit(disconnect(self).pipe(Effect.timeoutOption(limit)))
      const tookMillis = (yield* Clock.currentTimeMillis) - startedAt
      if (outcome._tag === "Failure") {
        yield* Effect.logError(`stopping ${name} failed after ${tookMillis} ms; going on with the stop`, outcome.cause)
      } else if (Option.isNone(outcome.value)) {
        yield* Effect.logWarning(`stopping ${name} gave up after ${tookMillis} ms; going on with the stop`)
      } else {
        yield* Effect.logInfo(`stopping ${name} done in ${tookMillis} ms`)
      }
    })

/** A layer whose release is one phase of the stop. */
export const phased = (name: string, limit: Duration.Input) => <A, E, R>(layer: Layer.Layer<A, E, R>) =>
  Layer.effectContext(Effect.gen(function*() {
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer((exit) => phase(name, limit)(Scope.close(scope, exit)))
    return yield* Layer.buildWithScope(layer, scope)
  }))
