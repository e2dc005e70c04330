import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import { FeedHistory, points, pointSeconds } from "../../src/telemetry/FeedHistory.ts"
import { makeStats } from "../../src/telemetry/Telemetry.ts"

const feed = Feed.make("binance", "btcusdt", "trade")
const Second = Schema.Struct({
  events: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5000 })),
  dropped: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))
})

const sum = (values: ReadonlyArray<number>) => values.reduce((total, value) => total + value, 0)

describe("FeedHistory", () => {
  it.effect.prop(
    "tells of the last minute, of the last ten seconds, and of the last five minutes",
    [Arbitrary.array(Arbitrary.schema(Second), { maxLength: 400 })],
    ([seconds]) =>
      Effect.sync(() => {
        const stats = makeStats(feed)
        // What was counted before the first look belongs to no rate.
        stats.events = 77
        const history = new FeedHistory(stats)
        for (const { dropped, events } of seconds) {
          stats.events += events
          stats.dropped += dropped
          history.sample()
        }
        const events = seconds.map((second) => second.events)
        assert.strictEqual(history.lastMinute("events"), sum(events.slice(-60)))
        assert.strictEqual(history.lastMinute("dropped"), sum(seconds.slice(-60).map((second) => second.dropped)))
        assert.strictEqual(history.lastMinute("rowsLost"), 0)
        const last = events.slice(-10)
        assert.approximately(history.eventsPerSecond, last.length === 0 ? 0 : sum(last) / last.length, 1e-6)
        const whole = Math.floor(events.length / pointSeconds)
        const expected = Array.from({ length: whole }, (_, index) =>
          sum(events.slice(index * pointSeconds, (index + 1) * pointSeconds)) / pointSeconds)
        const padded = [
          ...Array.from({ length: points }, () =>
            0),
          ...expected
        ].slice(-points)
        history.sparkline.forEach((value, index) => assert.approximately(value, padded[index]!, 0.01))
        assert.strictEqual(history.sparkline.length, points)
      }),
    { arbitrary: { runs: 100 } }
  )

  it("averages the latency of the last ten seconds, and knows none where the venue sends no time", () => {
    const stats = makeStats(feed)
    const history = new FeedHistory(stats)
    assert.isNull(history.latencyMillis)
    stats.latency.observe(10)
    stats.latency.observe(30)
    history.sample()
    assert.strictEqual(history.latencyMillis, 20)
    for (let second = 0; second < 10; second++) history.sample()
    assert.isNull(history.latencyMillis)
  })
})
