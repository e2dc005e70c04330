import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Logger } from "effect"
import { TestClock } from "effect/testing"
import { makeProblemLog, sample } from "../../src/feeds/ProblemLog.ts"

const logged = Effect.fnUntraced(function*(
  scenario: (report: (text: string) => void) => Effect.Effect<void>
) {
  const lines: Array<string> = []
  const logger = Logger.layer([Logger.make(({ message }) => {
    lines.push(String(message))
  })])
  const log = yield* makeProblemLog()
  const fiber = yield* Effect.forkChild(Effect.provide(log.run, logger))
  yield* scenario((text) => log.report({ kind: "malformed", text }))
  yield* Fiber.interrupt(fiber)
  return lines
})

describe("ProblemLog", () => {
  it.effect("tells the first problem at once and counts those of the next ten seconds", () =>
    Effect.gen(function*() {
      const lines = yield* logged(Effect.fnUntraced(function*(report) {
        report("first")
        yield* TestClock.adjust("1 second")
        for (let i = 0; i < 1000; i++) report(`flood ${i}`)
        yield* TestClock.adjust("10 seconds")
        yield* TestClock.adjust("1 minute")
        report("later")
        yield* TestClock.adjust("1 second")
      }))
      assert.strictEqual(lines.length, 3)
      assert.strictEqual(lines[0], "first")
      assert.match(lines[1]!, /^flood \d+ \(and 999 more like it\)$/)
      assert.strictEqual(lines[2], "later")
    }))
})

describe("sample", () => {
  it("keeps a short frame as it is", () => {
    assert.strictEqual(sample(Buffer.from("{\"a\":1}")), "{\"a\":1}")
  })

  it("shortens a long one and says how long it was", () => {
    assert.strictEqual(sample(Buffer.alloc(5000, "x")), `${"x".repeat(200)}... (5000 bytes)`)
  })

  it("lets no control character reach a terminal", () => {
    assert.strictEqual(sample(Buffer.from("\u001b[31mred\n\u0000")), "\u00b7[31mred\u00b7\u00b7")
  })
})
