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
        const history = new FeedHistory(stats, 0)
        for (const [index, { dropped, events }] of seconds.entries()) {
          stats.events += events
          stats.dropped += dropped
          history.sample((index + 1) * 1000)
        }
        const events = seconds.map((second) => second.events)
        assert.strictEqual(history.lastMinute("events"), sum(events.slice(-60)))
        assert.strictEqual(history.eventsWithin(30), sum(events.slice(-30)))
        assert.strictEqual(history.lastMinute("dropped"), sum(seconds.slice(-60).map((second) => second.dropped)))
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
    const history = new FeedHistory(stats, 0)
    assert.isNull(history.latencyMillis)
    stats.latency.observe(10)
    stats.latency.observe(30)
    history.sample(1000)
    assert.strictEqual(history.latencyMillis, 20)
    for (let second = 2; second <= 11; second++) history.sample(second * 1000)
    assert.isNull(history.latencyMillis)
  })

  it("tells rates by the time that has passed, also where a look came late", () => {
    const stats = makeStats(feed)
    const history = new FeedHistory(stats, 0)
    assert.strictEqual(history.eventsPerSecond, 0)
    for (const at of [1000, 2000, 9000, 10_000, 11_000]) {
      stats.events = at / 10
      history.sample(at)
    }
    assert.approximately(history.eventsPerSecond, 100, 1e-9)
    assert.approximately(history.lastPoint, 100, 0.01)
  })
})
