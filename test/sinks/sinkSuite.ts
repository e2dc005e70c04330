import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, type Layer, Scope } from "effect"
import type { Event } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import { book, trades } from "./events.ts"
import { type Row, rowOf } from "./readers.ts"

/** One implementation in an empty place, and how to see what it has stored for good. */
export interface Subject {
  readonly layer: Layer.Layer<Sinks>
  /** Everything sealed so far, in any order of files, rows of a file in their order. */
  readonly stored: Effect.Effect<ReadonlyArray<Row>>
}

const tradeFeed = Feed.make("binance", "BTC-USDT", "trade")
const bookFeed = Feed.make("upbit", "KRW-BTC", "orderbook")

const ids = (rows: ReadonlyArray<Row>, feed: Feed.Feed) =>
  rows.filter((row) => row.exchange === feed.exchange).map((row) => row.exchange_sequence_id)

/** What every implementation of `Sinks` promises. */
export const sinkSuite = (name: string, subject: Effect.Effect<Subject, never, Scope.Scope>) => {
  const withSinks = <E>(
    test: (sinks: Sinks["Service"], stored: Subject["stored"]) => Effect.Effect<void, E, Scope.Scope>
  ) =>
    Effect.gen(function*() {
      const { layer, stored } = yield* subject
      yield* Effect.flatMap(Sinks, (sinks) => test(sinks, stored)).pipe(Effect.provide(layer))
    })

  describe(`${name}: the contract of a sink`, () => {
    it.effect("stores every row once and in order when its scope closes", () =>
      withSinks((sinks, stored) =>
        Effect.gen(function*() {
          const given = trades(2500)
          yield* Effect.scoped(Effect.gen(function*() {
            const sink = yield* sinks.open(tradeFeed)
            for (let at = 0; at < given.length; at += 100) yield* sink.append(given.slice(at, at + 100))
          }))
          assert.deepStrictEqual(yield* stored, given.map((event) => rowOf(tradeFeed, event)))
        })
      ))

    it.effect("stores in order what it takes at once and what it does not", () =>
      withSinks((sinks, stored) =>
        Effect.gen(function*() {
          const given = trades(2500)
          let atOnce = 0
          yield* Effect.scoped(Effect.gen(function*() {
            const sink = yield* sinks.open(tradeFeed)
            for (let at = 0; at < given.length; at += 10) {
              const rows = given.slice(at, at + 10)
              if (sink.appendNow(rows)) atOnce++
              else yield* sink.append(rows)
            }
          }))
          assert.isAbove(atOnce, 0)
          assert.deepStrictEqual(yield* stored, given.map((event) => rowOf(tradeFeed, event)))
        })
      ))

    it.effect("stores nothing for a sink without rows", () =>
      withSinks((sinks, stored) =>
        Effect.gen(function*() {
          yield* Effect.scoped(Effect.flatMap(sinks.open(tradeFeed), (sink) => sink.append([])))
          assert.deepStrictEqual(yield* stored, [])
        })
      ))

    it.effect("stores what it has when its owner is interrupted", () =>
      withSinks((sinks, stored) =>
        Effect.gen(function*() {
          const given = trades(30)
          const fiber = yield* Effect.forkChild(
            Effect.scoped(Effect.gen(function*() {
              const sink = yield* sinks.open(tradeFeed)
              yield* sink.append(given)
              return yield* Effect.never
            })),
            { startImmediately: true }
          )
          // The sink may be at its first write: a fiber of its own finds out when it is not.
          yield* Effect.scoped(Effect.flatMap(sinks.open(bookFeed), (sink) => sink.append([book(0)])))
          yield* Fiber.interrupt(fiber)
          assert.deepStrictEqual(ids(yield* stored, tradeFeed), given.map((event) => event.sequenceId))
        })
      ))

    it.effect("keeps the order of one feed and the feeds apart while many append at once", () =>
      withSinks((sinks, stored) =>
        Effect.gen(function*() {
          const scope = yield* Scope.make()
          const write = (feed: Feed.Feed, events: ReadonlyArray<Event>) =>
            Effect.gen(function*() {
              const sink = yield* Scope.provide(sinks.open(feed), scope)
              for (let at = 0; at < events.length; at += 7) yield* sink.append(events.slice(at, at + 7))
            })
          const books = Array.from({ length: 500 }, (_, index) => book(index))
          yield* Effect.all([write(tradeFeed, trades(700)), write(bookFeed, books)], { concurrency: "unbounded" })
          yield* Scope.close(scope, Exit.void)
          const rows = yield* stored
          assert.deepStrictEqual(ids(rows, tradeFeed), trades(700).map((event) => event.sequenceId))
          assert.deepStrictEqual(ids(rows, bookFeed), books.map((event) => event.sequenceId))
        })
      ))

    it.effect("can be opened again for the same feed", () =>
      withSinks((sinks, stored) =>
        Effect.gen(function*() {
          const once = (event: Event) =>
            Effect.scoped(Effect.flatMap(sinks.open(bookFeed), (sink) => sink.append([event])))
          yield* once(book(1))
          yield* once(book(2))
          assert.deepStrictEqual(ids(yield* stored, bookFeed).toSorted(), ["1", "2"])
        })
      ))
  })
}
