import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Feed from "../../src/domain/Feed.ts"
import * as Series from "../../src/domain/Series.ts"
import { DiskSpace } from "../../src/telemetry/DiskSpace.ts"
import { Monitor } from "../../src/telemetry/Monitor.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"

describe("Monitor", () => {
  it.effect("looks once a second, and goes on after a bug", () =>
    Effect.gen(function*() {
      const inner = Context.get(yield* Layer.build(Layer.fresh(Telemetry.layer)), Telemetry)
      let broken = false
      const telemetry = Telemetry.of({
        ...inner,
        all: () => {
          if (broken) throw new Error("a bug")
          return inner.all()
        }
      })
      const context = yield* Layer.build(
        Monitor.layer({ maxFileAgeMillis: 1000 }).pipe(
          Layer.provide([Layer.succeed(Telemetry, telemetry), Layer.succeed(DiskSpace, DiskSpace.of({ folders: [] }))])
        )
      )
      const monitor = Context.get(context, Monitor)
      const stats = inner.stats(Feed.make("okx", "BTC-USDT", "trade"))
      monitor.history(stats)
      stats.events = 5
      inner.sinkStats(Series.make("okx", "BTC-USDT", "gap")).rowsLost = 2
      yield* TestClock.adjust("1 second")
      assert.strictEqual(monitor.evidence().writes.lastMinute("rowsLost"), 2)
      assert.strictEqual(monitor.looks(), 1)
      assert.strictEqual(monitor.history(stats).eventsPerSecond, 5)
      broken = true
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(monitor.looks(), 1)
      broken = false
      stats.events = 50
      yield* TestClock.adjust("3 seconds")
      assert.isAbove(monitor.looks(), 1)
      assert.isAbove(monitor.history(stats).eventsPerSecond, 5)
    }))
})
