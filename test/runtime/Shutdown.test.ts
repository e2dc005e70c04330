import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import { phase, phased } from "../../src/runtime/Shutdown.ts"

const record = () => {
  const lines: Array<string> = []
  const layer = Logger.layer([Logger.make(({ message }) => {
    lines.push(String(message))
  })])
  return { lines, layer }
}

const stop = Effect.fnUntraced(function*(work: Effect.Effect<unknown, unknown>) {
  const { layer, lines } = record()
  const fiber = yield* Effect.forkChild(work.pipe(phase("sinks", "30 seconds"), Effect.provide(layer)))
  yield* TestClock.adjust("31 seconds")
  yield* Fiber.join(fiber)
  return lines
})

describe("a phase of the stop", () => {
  it.effect("tells what it did", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* stop(Effect.sleep("2 seconds")), ["stopping sinks done in 2000 ms"])
    }))

  it.effect("ends in time, whatever its work does", () =>
    Effect.gen(function*() {
      const stuck = Effect.uninterruptible(Effect.never)
      assert.deepStrictEqual(yield* stop(stuck), ["stopping sinks gave up after 30000 ms; going on with the stop"])
    }))

  it.effect("never fails", () =>
    Effect.gen(function*() {
      for (const work of [Effect.fail("no"), Effect.die(new Error("a bug"))]) {
        const lines = yield* stop(work)
        assert.match(lines[0] ?? "", /^stopping sinks failed after 0 ms; going on with the stop/)
      }
    }))

  it.effect("bounds the release of a layer", () =>
    Effect.gen(function*() {
      const { layer, lines } = record()
      const scope = yield* Scope.make()
      const stuck = Layer.effectDiscard(Effect.addFinalizer(() => Effect.never))
      yield* Layer.buildWithScope(stuck.pipe(phased("uploads", "60 seconds"), Layer.provide(layer)), scope)
      const fiber = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("61 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(lines, ["stopping uploads gave up after 60000 ms; going on with the stop"])
    }))
})
