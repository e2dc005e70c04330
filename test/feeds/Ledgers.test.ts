import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import * as Ledgers from "../../src/feeds/Ledgers.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { nothingSealed } from "../sinks/events.ts"

const trades = Feed.make("bybit", "BTCUSDT", "trade")
const books = Feed.make("bybit", "BTCUSDT", "orderbook")

/** Ledgers over sinks that note when they open and close; they close once `closed` is done. */
const open = Effect.gen(function*() {
  const scope = yield* Effect.scope
  const notes: Array<string> = []
  const closing = yield* Deferred.make<void>()
  const closed = yield* Deferred.make<void>()
  const ledgers = yield* Ledgers.make(() =>
    Effect.gen(function*() {
      notes.push("opened")
      const holding = yield* Effect.never.pipe(
        Effect.ensuring(
          Deferred.succeed(closing, undefined).pipe(
            Effect.andThen(Deferred.await(closed)),
            Effect.andThen(Effect.sync(() => notes.push("closed")))
          )
        ),
        Effect.forkIn(scope, { startImmediately: true })
      )
      return { holding, sink: { append: () => Effect.void, appendNow: () => false, memory: nothingSealed } }
    })
  )
  return { closed, closing, ledgers, notes }
})

describe("Ledgers", () => {
  it.effect("of a symbol are one, open until its last feed has left", () =>
    Effect.gen(function*() {
      const { closed, ledgers, notes } = yield* open
      yield* Deferred.succeed(closed, undefined)
      assert.strictEqual(yield* ledgers.join(trades), yield* ledgers.join(books))
      yield* ledgers.leave(trades)
      assert.deepStrictEqual(notes, ["opened"])
      yield* ledgers.leave(books)
      assert.deepStrictEqual(notes, ["opened", "closed"])
    }).pipe(Effect.provide(Telemetry.layer)))

  it.effect("that are closing are not opened a second time before they are closed", () =>
    Effect.gen(function*() {
      const { closed, closing, ledgers, notes } = yield* open
      yield* ledgers.join(trades)
      const leaving = yield* Effect.forkChild(ledgers.leave(trades))
      yield* Deferred.await(closing)
      const joining = yield* Effect.forkChild(ledgers.join(books), { startImmediately: true })
      yield* Deferred.succeed(closed, undefined)
      yield* Fiber.joinAll([leaving, joining])
      assert.deepStrictEqual(notes, ["opened", "closed", "opened"])
    }).pipe(Effect.provide(Telemetry.layer)))

  it.effect("are shown until they are closed, for closing writes what is left", () =>
    Effect.gen(function*() {
      const telemetry = yield* Telemetry
      const { closed, closing, ledgers } = yield* open
      yield* ledgers.join(trades)
      const leaving = yield* Effect.forkChild(ledgers.leave(trades))
      yield* Deferred.await(closing)
      const meanwhile = telemetry.allSinks()
      yield* Deferred.succeed(closed, undefined)
      yield* Fiber.join(leaving)
      assert.strictEqual(meanwhile.length, 1)
      assert.deepStrictEqual(telemetry.allSinks(), [])
    }).pipe(Effect.provide(Telemetry.layer)))
})
