import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Fiber, Latch, Scheduler, Schema } from "effect"
import type { Event, Row } from "../../src/domain/Event.ts"
import * as EventQueue from "../../src/feeds/EventQueue.ts"

const frameOf = (first: number, count: number): ReadonlyArray<Event> =>
  Array.from({ length: count }, (_, i) => ({
    dataType: "orderbook",
    symbol: "BTC-USDT",
    sequenceId: String(first + i),
    timestampCollector: 0,
    timestampExchange: null,
    data: Buffer.alloc(0),
    position: null,
    isSnapshot: true
  }))

const Step = Schema.Union([
  Schema.Struct({ offer: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 30 })) }),
  Schema.Literal("take")
])

describe("EventQueue", () => {
  it.effect.prop(
    "keeps order, takes whole frames, and drops only while the capacity is used up",
    [Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 })), Arbitrary.array(Arbitrary.schema(Step))],
    ([capacity, steps]) =>
      Effect.gen(function*() {
        const queue = yield* EventQueue.make(capacity)
        let next = 0
        let waiting: Array<string> = []
        for (const step of steps) {
          if (step === "take") {
            if (waiting.length === 0) continue
            const taken = yield* queue.take
            assert.deepStrictEqual(taken.map((event) => event.sequenceId), waiting)
            waiting = []
          } else {
            const frame = frameOf(next, step.offer)
            next += step.offer
            const accepted = queue.hasRoom()
            if (accepted) queue.put(frame)
            assert.strictEqual(accepted, waiting.length < capacity)
            if (accepted) waiting.push(...frame.map((event) => event.sequenceId))
          }
        }
        yield* queue.end
        if (waiting.length > 0) assert.strictEqual((yield* queue.take).length, waiting.length)
        assert.strictEqual((yield* Effect.flip(queue.take))._tag, "Done")
      }),
    { arbitrary: { runs: 200 } }
  )

  it.live("hands rows over at once only while nothing waits and whoever takes is idle, so that their order is kept", () =>
    Effect.gen(function*() {
      const taken: Array<string> = []
      const note = (rows: ReadonlyArray<Row>) => taken.push(...rows.map(({ sequenceId }) => sequenceId))
      let refuses = false
      let atOnce = 0
      const queue = yield* EventQueue.make(1000, (rows) => {
        if (refuses) return false
        atOnce++
        note(rows)
        return true
      })
      const busy = yield* Latch.make(true)
      const reader = yield* Effect.gen(function*() {
        while (true) {
          note(yield* queue.take)
          yield* busy.await
        }
      }).pipe(
        Effect.provideService(Scheduler.Scheduler, EventQueue.prompt),
        Effect.forkChild({ startImmediately: true })
      )
      const put = (id: number) => queue.put(frameOf(id, 1))
      const turn = Effect.promise(() => new Promise(setImmediate))
      put(0)
      assert.deepStrictEqual([taken.length, atOnce], [1, 1])
      refuses = true
      put(1)
      refuses = false
      // One waits already.
      put(2)
      busy.closeUnsafe()
      yield* turn
      // Whoever took them is not done.
      put(3)
      assert.deepStrictEqual([taken.length, atOnce], [3, 1])
      busy.openUnsafe()
      yield* turn
      put(4)
      assert.deepStrictEqual([taken.length, atOnce], [5, 2])
      assert.deepStrictEqual(taken, ["0", "1", "2", "3", "4"])
      yield* Fiber.interrupt(reader)
    }))

  it.live("is emptied between two reads of a socket, though the event loop never turns", () =>
    Effect.gen(function*() {
      const queue = yield* EventQueue.make(100)
      let taken = 0
      const read = Effect.gen(function*() {
        while (true) taken += (yield* queue.take).length
      })
      const reader = yield* read.pipe(
        Effect.provideService(Scheduler.Scheduler, EventQueue.prompt),
        Effect.forkChild({ startImmediately: true })
      )
      const refused = yield* Effect.promise(async () => {
        let refused = 0
        for (let read = 0; read < 200; read++) {
          for (let i = 0; i < 100; i++) {
            if (queue.hasRoom()) queue.put(frameOf(i, 1))
            else refused++
          }
          // What node does after each read: microtasks, but no turn of the event loop.
          for (let i = 0; i < 5; i++) await Promise.resolve()
        }
        return refused
      })
      yield* Fiber.interrupt(reader)
      assert.strictEqual(refused, 0)
      assert.strictEqual(taken, 20_000)
    }))
})
