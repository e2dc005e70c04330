import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Logger } from "effect"
import { TestClock } from "effect/testing"
import { printable, sample } from "../../src/feeds/printable.ts"
import { makeProblemLog, type Report } from "../../src/feeds/ProblemLog.ts"
import * as LogLine from "../../src/telemetry/LogLine.ts"

const logged = Effect.fnUntraced(function*(
  scenario: (report: (text: string, kind?: Report["kind"]) => void) => Effect.Effect<void>
) {
  const lines: Array<string> = []
  const logger = Logger.layer([Logger.make((options) => {
    lines.push(LogLine.messageOf(LogLine.fromLogger(options)))
  })])
  const log = yield* makeProblemLog()
  const fiber = yield* Effect.forkChild(Effect.provide(log.run, logger))
  yield* scenario((text, kind = "malformed") => log.report({ kind, text: () => text }))
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

  it.effect("lets no flood hide a notice, and loses nothing when the session ends", () =>
    Effect.gen(function*() {
      const lines = yield* logged(Effect.fnUntraced(function*(report) {
        for (let i = 0; i < 1000; i++) report(`flood ${i}`)
        report("upgrade at noon", "notice")
        yield* TestClock.adjust("1 second")
        report("last words", "malformed")
        report("closing now", "notice")
      }))
      assert.include(lines, "upgrade at noon")
      assert.include(lines, "closing now")
      assert.include(lines, "last words")
    }))
})

describe("printable", () => {
  it("bounds what a venue says", () => {
    assert.strictEqual(printable("x".repeat(3_000_000)), `${"x".repeat(300)}... (3000000 characters)`)
    assert.strictEqual(printable("no such symbol"), "no such symbol")
  })
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
