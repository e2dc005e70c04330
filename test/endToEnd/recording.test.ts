import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { venues } from "../../src/domain/Venue.ts"
import { assertComplete, assertNothingLost, environment, world } from "./harness.ts"
import { until } from "../until.ts"

describe.concurrent("recording", () => {
  it.live("a steady run of all venues holds every event exactly once", () =>
    Effect.gen(function*() {
      const { feeds, finish } = yield* world({ simulator: { rate: 200 } })
      yield* until(() => feeds().every((stats) => stats.events > 300))
      const audits = yield* finish
      assertNothingLost(audits)
      assert.strictEqual(audits.length, 10)
      for (const stats of feeds()) {
        assert.strictEqual(stats.dropped, 0, stats.feed.id)
        assert.strictEqual(stats.parseErrors, 0, stats.feed.id)
        assert.strictEqual(stats.unrequested, 0, stats.feed.id)
        assert.strictEqual(stats.rowsSealed, stats.events, stats.feed.id)
        assert.strictEqual(stats.connections, 1, stats.feed.id)
        assert.deepInclude(stats.sequence, { gaps: 0, missing: 0, outOfOrder: 0, duplicates: 0, resets: 0 })
      }
    }).pipe(Effect.provide(environment)))

  it.live("numbers that venues may legally send are no gaps: keep-alives, restarts of their count, merged fills", () =>
    Effect.gen(function*() {
      const { feed, feeds, finish, simulator } = yield* world({
        venues: ["okx", "bybit", "coinbase"],
        simulator: { rate: 100, timings: { okxKeepAlive: 20 } }
      })
      yield* until(() => feeds().every((stats) => stats.events > 50))
      for (let times = 1; times <= 3; times++) {
        yield* simulator.faults.inject({ kind: "restart" })
        yield* simulator.faults.inject({ kind: "burst", fills: 50 })
        const before = new Map(feeds().map((stats) => [stats, stats.events]))
        yield* until(() => feeds().every((stats) => stats.events > (before.get(stats) ?? 0) + 30))
      }
      for (const stats of feeds()) {
        assert.deepInclude(stats.sequence, { gaps: 0, missing: 0, outOfOrder: 0, duplicates: 0 }, stats.feed.id)
        assert.strictEqual(stats.connections, 1, stats.feed.id)
      }
      assert.strictEqual(feed("bybit/btcusdt/orderbook").sequence.resets, 3)
      assertNothingLost(yield* finish)
    }).pipe(Effect.provide(environment)))

  it.live("Coinbase Exchange's older dialect is recorded as well", () =>
    Effect.gen(function*() {
      const { feeds, finish } = yield* world({
        venues: ["coinbase"],
        simulator: { rate: 200 },
        baseUrls: { coinbase: (simulator) => simulator.baseUrl("coinbase-exchange") }
      })
      yield* until(() => feeds().every((stats) => stats.events > 200))
      assertNothingLost(yield* finish)
    }).pipe(Effect.provide(environment)))

  it.live("a Coinbase snapshot of several megabytes is one row", () =>
    Effect.gen(function*() {
      const { feed, finish } = yield* world({ venues: ["coinbase"], simulator: { coinbaseLevels: 22_000 } })
      yield* until(() => feed("coinbase/btcusd/orderbook").events > 10)
      const audits = yield* finish
      assertNothingLost(audits)
    }).pipe(Effect.provide(environment)))

  it.live("a hundred feeds on one process", () =>
    Effect.gen(function*() {
      const names = Array.from({ length: 10 }, (_, i) => String.fromCodePoint(65 + i).repeat(3))
      const { feeds, finish } = yield* world({
        simulator: { rate: 20 },
        symbols: {
          binance: names.map((name) => `${name.toLowerCase()}usdt`),
          coinbase: names.map((name) => `${name}-USD`),
          upbit: names.map((name) => `KRW-${name}`),
          okx: names.map((name) => `${name}-USDT`),
          bybit: names.map((name) => `${name}USDT`)
        }
      })
      yield* until(() => feeds().length === 100 && feeds().every((stats) => stats.events > 20))
      const audits = yield* finish
      assert.strictEqual(audits.length, 100)
      assertNothingLost(audits)
    }).pipe(Effect.provide(environment)))

  it.live("a stop under load loses nothing that was received", () =>
    Effect.gen(function*() {
      const { feeds, stop } = yield* world({ simulator: { rate: 1000 } })
      yield* until(() => feeds().every((stats) => stats.events > 500))
      const audits = yield* stop
      assertComplete(audits)
      for (const stats of feeds()) {
        assert.strictEqual(stats.dropped, 0, stats.feed.id)
        assert.strictEqual(stats.rowsSealed, stats.events, stats.feed.id)
      }
    }).pipe(Effect.provide(environment)))

  it.live("what a full queue drops is counted to the event", () =>
    Effect.gen(function*() {
      const { feeds, finish } = yield* world({ venues: ["bybit"], queueCapacity: 1, simulator: { rate: 3000 } })
      yield* until(() => feeds().some((stats) => stats.dropped > 100) && feeds().every((stats) => stats.events > 100))
      const audits = yield* finish
      for (const { feedId, missing, sent, surplus } of audits) {
        const stats = feeds().find(({ feed }) => feed.id === feedId)!
        assert.strictEqual(stats.events, sent)
        assert.strictEqual(stats.dropped, missing.length, feedId)
        assert.deepStrictEqual(surplus, [])
      }
    }).pipe(Effect.provide(environment)))

  it.live("markets that did not exist before are recorded under their venue's notation", () =>
    Effect.gen(function*() {
      const { feeds, finish } = yield* world({ venues: ["coinbase"], symbols: { coinbase: ["BTC-USDC"] } })
      yield* until(() => feeds().every((stats) => stats.events > 10))
      const audits = yield* finish
      assertNothingLost(audits)
      assert.sameMembers(audits.map(({ feedId }) => feedId), ["coinbase/btcusdc/orderbook", "coinbase/btcusdc/trade"])
    }).pipe(Effect.provide(environment)))
})

describe("at speed", () => {
  for (const venue of venues) {
    it.live(`${venue}: thousands of events a second pass without a drop`, () =>
      Effect.gen(function*() {
        const { feeds, finish } = yield* world({ venues: [venue], simulator: { rate: 5000 } })
        yield* until(() => feeds().every((stats) => stats.events > 10_000))
        const audits = yield* finish
        for (const stats of feeds()) assert.strictEqual(stats.dropped, 0, stats.feed.id)
        assertNothingLost(audits)
      }).pipe(Effect.provide(environment)))
  }
})
