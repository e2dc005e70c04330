import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import { type Accounting, phase, phased } from "../../src/runtime/Shutdown.ts"

const record = () => {
  const lines: Array<string> = []
  const layer = Logger.layer([Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel.toUpperCase()} ${String(message)}`)
  })])
  return { lines, layer }
}

const stop = Effect.fnUntraced(function*(work: Effect.Effect<unknown, unknown>, accounting?: Accounting) {
  const { layer, lines } = record()
  const fiber = yield* Effect.forkChild(work.pipe(phase("sinks", "30 seconds", accounting), Effect.provide(layer)))
  yield* TestClock.adjust("31 seconds")
  yield* Fiber.join(fiber)
  return lines
})

describe("a phase of the stop", () => {
  it.effect("tells what it did", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* stop(Effect.sleep("2 seconds")), ["INFO stopping sinks done in 2.0 s"])
    }))

  it.effect("ends in time, whatever its work does", () =>
    Effect.gen(function*() {
      const stuck = Effect.uninterruptible(Effect.never)
      assert.deepStrictEqual(yield* stop(stuck), ["WARN stopping sinks gave up after 30 s; going on with the stop"])
    }))

  it.effect("tells how long it took also where the system clock is set back meanwhile", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const millis = () => -clock.currentTimeMillisUnsafe()
      const setBack = { ...clock, currentTimeMillisUnsafe: millis, currentTimeMillis: Effect.sync(millis) }
      const lines = yield* Effect.provideService(stop(Effect.sleep("2 seconds")), Clock.Clock, setBack)
      assert.deepStrictEqual(lines, ["INFO stopping sinks done in 2.0 s"])
    }))

  it.effect("never fails", () =>
    Effect.gen(function*() {
      for (const work of [Effect.fail("no"), Effect.die(new Error("a bug"))]) {
        const lines = yield* stop(work)
        assert.match(lines[0] ?? "", /^ERROR stopping sinks failed after 0.0 s; going on with the stop/)
      }
    }))

  it.effect("tells what it did since it began and what it left, however it ended", () =>
    Effect.gen(function*() {
      let files = 5
      const accounting: Accounting = () => {
        const before = files
        return Effect.sync(() => ({ text: `${files - before} files sealed, 0 left`, complete: true }))
      }
      const seal = Effect.sync(() => files += 2).pipe(Effect.andThen(Effect.sleep("1500 millis")))
      assert.deepStrictEqual(yield* stop(seal, accounting), ["INFO stopping sinks: 2 files sealed, 0 left, 1.5 s"])
      assert.deepStrictEqual(yield* stop(Effect.andThen(seal, Effect.never), accounting), [
        "WARN stopping sinks gave up after 30 s: 2 files sealed, 0 left; going on with the stop"
      ])
      assert.match(
        (yield* stop(Effect.andThen(seal, Effect.fail("no")), accounting))[0] ?? "",
        /^ERROR stopping sinks failed after 1.5 s: 2 files sealed, 0 left; going on with the stop/
      )
    }))

  it.effect("warns when something is left, also where it ended in time", () =>
    Effect.gen(function*() {
      const accounting: Accounting = () => Effect.succeed({ text: "0 files stored, 3 left", complete: false })
      assert.deepStrictEqual(yield* stop(Effect.void, accounting), [
        "WARN stopping sinks: 0 files stored, 3 left, 0.0 s"
      ])
    }))

  it.effect("neither waits for an account that never comes nor dies of one with a bug", () =>
    Effect.gen(function*() {
      const untold = ["WARN stopping sinks: what it left cannot be told, 0.0 s"]
      assert.deepStrictEqual(yield* stop(Effect.void, () => Effect.uninterruptible(Effect.never)), untold)
      assert.deepStrictEqual(yield* stop(Effect.void, () => Effect.die(new Error("a bug"))), untold)
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
      assert.deepStrictEqual(lines, ["WARN stopping uploads gave up after 60 s; going on with the stop"])
    }))
})
