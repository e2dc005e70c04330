import { Clock, Effect } from "effect"
import { monotonicMillis } from "../../runtime/monotonic.ts"

/** What came of asking a venue, the store or a folder. */
export interface Answer {
  /** Who was asked. */
  readonly what: string
  /** In a few words. */
  readonly answer: string
  /** What is wrong and what to change, in sentences; null where nothing is. */
  readonly trouble: string | null
  readonly millis: number
}

/** Asks, and measures how long the answer took; a failure is one, too. */
export const ask = Effect.fnUntraced(function*<R>(
  what: string,
  question: Effect.Effect<string, { readonly answer: string; readonly trouble: string }, R>
) {
  const clock = yield* Clock.Clock
  const startedAt = monotonicMillis(clock)
  const said = yield* Effect.match(question, {
    onSuccess: (answer) => ({ answer, trouble: null }),
    onFailure: (failure) => failure
  })
  const answer: Answer = { what, ...said, millis: monotonicMillis(clock) - startedAt }
  return answer
})
