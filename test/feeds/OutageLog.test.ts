import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Logger, References } from "effect"
import { TestClock } from "effect/testing"
import * as Feed from "../../src/domain/Feed.ts"
import * as OutageLog from "../../src/feeds/OutageLog.ts"

const feeds = Array.from({ length: 50 }, (_, index) => Feed.make("binance", `s${index}usdt`, "trade"))

/** Runs `scenario` and answers its lines, those for whoever looks closely apart. */
const logged = Effect.fnUntraced(function*(scenario: (log: OutageLog.OutageLog) => Effect.Effect<void>) {
  const lines: Array<string> = []
  const details: Array<string> = []
  const logger = Logger.layer([Logger.make(({ logLevel, message }) => {
    if (logLevel === "Debug") details.push(String(message))
    else lines.push(`${logLevel} ${String(message)}`)
  })])
  const log = OutageLog.make([...feeds, Feed.make("okx", "BTC-USDT", "trade")])
  yield* Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(log.run)
    yield* scenario(log)
    yield* Fiber.interrupt(fiber)
  }).pipe(Effect.provide(logger), Effect.provideService(References.MinimumLogLevel, "Debug"))
  return { lines, details }
})

describe("OutageLog", () => {
  it.effect("tells few feeds one by one, each time they fail and when they are back", () =>
    Effect.gen(function*() {
      const { lines } = yield* logged(Effect.fnUntraced(function*(log) {
        for (let attempt = 1; attempt <= 2; attempt++) {
          for (const feed of feeds.slice(0, 3)) yield* log.of(feed).lost("gone", `${feed.symbol}: gone`)
          yield* TestClock.adjust("1 minute")
        }
        for (const feed of feeds.slice(0, 3)) yield* log.of(feed).delivers(`${feed.symbol}: delivers again`)
        yield* TestClock.adjust("1 hour")
      }))
      const gone = ["Warn s0usdt: gone", "Warn s1usdt: gone", "Warn s2usdt: gone"]
      const back = ["Info s0usdt: delivers again", "Info s1usdt: delivers again", "Info s2usdt: delivers again"]
      assert.deepStrictEqual(lines, [...gone, ...gone, ...back])
    }))

  it.effect("tells a venue that loses all its feeds in a handful of lines, whatever they try in vain, and every detail to whoever asks", () =>
    Effect.gen(function*() {
      const reason = "connection closed with code 1006"
      const { details, lines } = yield* logged(Effect.fnUntraced(function*(log) {
        for (let attempt = 1; attempt <= 10; attempt++) {
          for (const feed of feeds) yield* log.of(feed).lost(reason, `${feed.symbol}: ${reason}`)
          yield* TestClock.adjust("50 seconds")
        }
        for (const feed of feeds) yield* log.of(feed).delivers(`${feed.symbol}: delivers again`)
        yield* TestClock.adjust("1 hour")
      }))
      const summary = (since: string) =>
        `Warn 50 of 50 feeds of binance are without data, the first for ${since}: ${reason}; each tries again by itself`
      assert.deepStrictEqual(lines, [
        `Warn s0usdt: ${reason}`,
        `Warn s1usdt: ${reason}`,
        `Warn s2usdt: ${reason}`,
        summary("1.0 s"),
        summary("301 s"),
        "Info all 50 feeds of binance that were lost deliver again, 500 s after the first was lost"
      ])
      assert.strictEqual(details.length, 10 * 50 - 3 + 50)
    }))

  it.effect("names the few that stay away when the others are back, and tells of them one by one again", () =>
    Effect.gen(function*() {
      const { lines } = yield* logged(Effect.fnUntraced(function*(log) {
        for (const feed of feeds) yield* log.of(feed).lost("gone", `${feed.symbol}: gone`)
        yield* TestClock.adjust("10 seconds")
        for (const feed of feeds.slice(1)) yield* log.of(feed).delivers(`${feed.symbol}: delivers again`)
        yield* TestClock.adjust("10 seconds")
        yield* log.of(feeds[0]!).delivers("s0usdt: delivers again")
      }))
      assert.deepStrictEqual(lines.slice(4), [
        "Warn 49 feeds of binance deliver again, 15 s after the first was lost; still without data: binance/s0usdt/trade (gone)",
        "Info s0usdt: delivers again"
      ])
    }))

  it.effect("misses no feed that is not recorded any more, and counts those that came later", () =>
    Effect.gen(function*() {
      const { lines } = yield* logged(Effect.fnUntraced(function*(log) {
        const late = log.join(Feed.make("binance", "lateusdt", "trade"))
        for (const feed of feeds.slice(0, 5)) yield* log.of(feed).lost("gone", `${feed.symbol}: gone`)
        yield* TestClock.adjust("2 seconds")
        for (const feed of feeds.slice(0, 3)) log.leave(feed)
        yield* late.lost("gone", "lateusdt: gone")
        yield* TestClock.adjust("1 minute")
        for (const feed of feeds.slice(3, 5)) log.leave(feed)
        yield* late.delivers("lateusdt: delivers again")
        yield* TestClock.adjust("1 minute")
        for (const feed of feeds.slice(5, 10)) yield* log.of(feed).lost("gone", `${feed.symbol}: gone`)
        for (const feed of feeds.slice(5, 10)) log.leave(feed)
        yield* TestClock.adjust("1 hour")
      }))
      assert.deepStrictEqual(lines.slice(3, 6), [
        "Warn 5 of 51 feeds of binance are without data, the first for 1.0 s: gone; each tries again by itself",
        "Warn still without data of binance: binance/s3usdt/trade (gone), binance/s4usdt/trade (gone), binance/lateusdt/trade (gone)",
        "Info lateusdt: delivers again"
      ])
      assert.deepStrictEqual(lines.slice(6), feeds.slice(5, 8).map(({ symbol }) => `Warn ${symbol}: gone`))
    }))

  it.effect("does not mix up venues", () =>
    Effect.gen(function*() {
      const { lines } = yield* logged(Effect.fnUntraced(function*(log) {
        for (const feed of feeds) yield* log.of(feed).lost("gone", `${feed.symbol}: gone`)
        yield* TestClock.adjust("10 seconds")
        yield* log.of(Feed.make("okx", "BTC-USDT", "trade")).lost("gone", "BTC-USDT: gone")
      }))
      assert.strictEqual(lines.at(-1), "Warn BTC-USDT: gone")
    }))
})
