import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as Feed from "../../src/domain/Feed.ts"
import { reportDrops, reportStart, reportTotals } from "../../src/feeds/LossReport.ts"
import { makeStats } from "../../src/telemetry/Telemetry.ts"

const feeds = () => ["BTC-USDT", "ETH-USDT"].map((symbol) => makeStats(Feed.make("okx", symbol, "trade")))

const capture = () => {
  const lines: Array<string> = []
  const loggers = new Set([Logger.make<unknown, void>(({ logLevel, message }) => {
    lines.push(`${logLevel} ${String(message)}`)
  })])
  return { lines, provide: Effect.provideService(Logger.CurrentLoggers, loggers) }
}

describe("LossReport", () => {
  it.effect("tells each drop once, whoever begins the telling anew", () =>
    Effect.gen(function*() {
      const { lines, provide } = capture()
      const stats = feeds()
      const drops = reportDrops(stats)
      const first = yield* Effect.forkChild(provide(drops))
      stats[0]!.dropped = 4
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.interrupt(first)
      yield* Effect.forkChild(provide(drops))
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual(lines.length, 1)
      assert.match(lines[0] ?? "", /^Warn events dropped, .*: 4 in the last 10 s, 4 since the start; recording goes on/)
    }))

  it.effect("tells when all feeds deliver, and how long that took", () =>
    Effect.gen(function*() {
      const { lines, provide } = capture()
      const [stats] = feeds()
      const fiber = yield* Effect.forkChild(provide(reportStart([stats!], yield* Clock.Clock)))
      yield* TestClock.adjust("1500 millis")
      stats!.events = 1
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(lines, ["Info the feed delivers, 1.8 s after the start"])
    }))

  it.effect("tells at the end what was recorded and what was not", () =>
    Effect.gen(function*() {
      const { lines, provide } = capture()
      const stats = feeds()
      stats[0]!.events = 1200
      stats[1]!.events = 34
      yield* provide(reportTotals(stats, stats))
      stats[0]!.rowsLost = 1
      stats[1]!.parseErrors = 1
      yield* provide(reportTotals(stats, stats))
      assert.deepStrictEqual(lines, [
        "Info 1,234 events received, 0 dropped, 0 rows lost, 0 frames not readable",
        "Warn 1,234 events received, 0 dropped, 1 row lost, 1 frame not readable"
      ])
    }))
})
