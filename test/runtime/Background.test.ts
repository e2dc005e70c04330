import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Background from "../../src/runtime/Background.ts"

const capture = () => {
  const lines: Array<string> = []
  const loggers = new Set([Logger.make<unknown, void>(({ logLevel, message }) => {
    lines.push(`${logLevel} ${String(message)}`)
  })])
  return { lines, provide: Effect.provideService(Logger.CurrentLoggers, loggers) }
}

describe("work in the background", () => {
  it.effect("goes on after a bug, which is told, and ends with its scope without a word", () =>
    Effect.gen(function*() {
      const { lines, provide } = capture()
      const scope = yield* Scope.make()
      let turns = 0
      const step = Effect.sync(() => {
        turns++
        if (turns === 2) throw new Error("a bug")
      })
      yield* Background.forkRepeated("the count", Effect.delay(step, "10 seconds")).pipe(Scope.provide(scope), provide)
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(lines, ["Error a bug ended the count; recording goes on, and it begins anew"])
      yield* TestClock.adjust("21 seconds")
      assert.strictEqual(turns, 4)
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(turns, 4)
      assert.strictEqual(lines.length, 1)
    }))

  it.effect("tries a step that fails at once no more than once a second", () =>
    Effect.gen(function*() {
      const { lines, provide } = capture()
      yield* Background.forkRepeated("nothing", Effect.die(new Error("a bug"))).pipe(provide)
      yield* TestClock.adjust("9500 millis")
      assert.strictEqual(lines.length, 10)
    }))

  it.effect("outlives a log that has the bug itself", () =>
    Effect.gen(function*() {
      let turns = 0
      const broken = new Set([Logger.make<unknown, void>(() => {
        throw new Error("a bug of the log")
      })])
      const step = Effect.sync(() => {
        turns++
        throw new Error("a bug")
      })
      yield* Background.forkRepeated("the count", step).pipe(Effect.provideService(Logger.CurrentLoggers, broken))
      yield* TestClock.adjust("4500 millis")
      assert.strictEqual(turns, 5)
    }))

  it.effect("answers with what it came to", () =>
    Effect.gen(function*() {
      const { provide } = capture()
      let turns = 0
      const work = Effect.sync(() => {
        if (++turns < 3) throw new Error("a bug")
        return turns
      })
      const fiber = yield* Effect.forkChild(provide(Background.restarted("the work", work)))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed(3))
    }))
})
