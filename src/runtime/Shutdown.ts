import { Clock, type Context, type Duration, Effect, Fiber, Layer, Option, Scope } from "effect"
import { monotonicMillis } from "./monotonic.ts"
import { secondsText } from "./secondsText.ts"

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

/** What a phase of the stop did and what it left, with where that stays. */
export interface Account {
  readonly text: string
  /** Whether nothing was left. */
  readonly complete: boolean
}

/** Called when a phase begins; what it answers is run when the phase is over, however it ended. */
export type Accounting = () => Effect.Effect<Account>

/** How long an account may take: it may have to ask the disk that the phase just gave up on. */
const accountLimit = "1 second"

const silent: Account = { text: "", complete: true }
const untold: Account = { text: "what it left cannot be told", complete: false }

/**
 * One step of the stop: bounded by `limit`, logged with what it did and what it left, and never failing, so that the steps
 * after it always run.
 */
export const phase =
  (name: string, limit: Duration.Input, accounting: Accounting | null = null) =>
  <E, R>(self: Effect.Effect<unknown, E, R>): Effect.Effect<void, never, R> =>
    Effect.gen(function*() {
      const account = accounting === null ? Effect.succeed(silent) : yield* Effect.sync(accounting)
      const clock = yield* Clock.Clock
      const startedAt = monotonicMillis(clock)
      const outcome = yield* Effect.exit(disconnect(self).pipe(Effect.timeoutOption(limit)))
      const took = secondsText(monotonicMillis(clock) - startedAt)
      const told = yield* disconnect(account).pipe(
        Effect.timeout(accountLimit),
        Effect.catchCause(() => Effect.succeed(untold))
      )
      const text = told.text === "" ? "" : `: ${told.text}`
      if (outcome._tag === "Failure") {
        yield* Effect.logError(`stopping ${name} failed after ${took}${text}; going on with the stop`, outcome.cause)
      } else if (Option.isNone(outcome.value)) {
        yield* Effect.logWarning(`stopping ${name} gave up after ${took}${text}; going on with the stop`)
      } else {
        const line = `stopping ${name}${text === "" ? " done in" : `${text},`} ${took}`
        yield* told.complete ? Effect.logInfo(line) : Effect.logWarning(line)
      }
    })

/** A layer whose release is one phase of the stop; `accounting` is given what the layer made. */
export const phased =
  <A>(name: string, limit: Duration.Input, accounting: ((made: Context.Context<A>) => Accounting) | null = null) =>
  <E, R>(layer: Layer.Layer<A, E, R>) =>
    Layer.effectContext(Effect.gen(function*() {
      const scope = yield* Scope.make()
      let account: Accounting | null = null
      yield* Effect.addFinalizer((exit) => phase(name, limit, account)(Scope.close(scope, exit)))
      const made = yield* Layer.buildWithScope(layer, scope)
      account = accounting === null ? null : accounting(made)
      return made
    }))
