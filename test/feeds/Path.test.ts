import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { performance } from "node:perf_hooks"
import { ConnectLimiter } from "../../src/feeds/ConnectLimiter.ts"
import { Tokens } from "../../src/feeds/Tokens.ts"
import * as Logging from "../../src/telemetry/Logging.ts"
import type { FeedStats } from "../../src/telemetry/Telemetry.ts"
import { until } from "../until.ts"
import { eventsOf, standingGaps } from "./intakeModel.ts"
import { exchangeAt } from "./numberVenue.ts"
import { noticingAt, openMarket, startPath, untilReally } from "./pathVenue.ts"

const environment = Layer.mergeAll(ConnectLimiter.layer, Tokens.layerNone, Logging.layerConsole("None"))
const nowhere = "ws://127.0.0.1:1"

const ids = (rows: Parameters<typeof eventsOf>[0]) => eventsOf(rows).map(({ sequenceId }) => sequenceId)

const withLifetime = (url: string, maxLifetimeMillis: number) => {
  const exchange = exchangeAt(url)
  return { ...exchange, limits: { ...exchange.limits, maxLifetimeMillis } }
}

describe("Path", () => {
  it.live("replaces connections before the venue ends them, and every event is recorded once", () =>
    Effect.gen(function*() {
      const market = yield* openMarket
      const lifetimes: Array<number> = []
      const { rows, stats } = yield* startPath(() => withLifetime(market.url, 400))
      yield* Effect.forkScoped(market.trade)
      const seen = new Set<unknown>()
      yield* until(() => {
        for (const peer of market.peers) {
          if (seen.has(peer)) continue
          seen.add(peer)
          const openedAt = performance.now()
          peer.on("close", () => lifetimes.push(performance.now() - openedAt))
        }
        return lifetimes.length >= 4
      })
      const last = market.published.at(-1)!
      yield* until(() => ids(rows).includes(last))
      const recorded = ids(rows)
      assert.deepStrictEqual(
        recorded.toSorted((a, b) => Number(a) - Number(b)),
        market.published.slice(0, recorded.length)
      )
      assert.deepStrictEqual(standingGaps(rows), [])
      assert.isAtLeast(stats.reconnectsBy.handover, 4)
      assert.strictEqual(stats.reconnects, stats.reconnectsBy.handover)
      for (const lifetime of lifetimes) assert.isAtLeast(lifetime, 250)
      // Each at a moment of its own.
      assert.isAbove(Math.max(...lifetimes) - Math.min(...lifetimes), 1)
    }).pipe(Effect.scoped, Effect.provide(environment)))

  it.live("replaces a connection whose end the venue announces, and one that somebody asks for", () =>
    Effect.gen(function*() {
      const market = yield* openMarket
      const { path, rows, stats } = yield* startPath(() => noticingAt(market.url))
      yield* Effect.forkScoped(market.trade)
      yield* until(() => ids(rows).length > 5)
      market.peers[0]!.send("closing")
      yield* until(() => stats.reconnectsBy.handover === 1)
      path.replace("a test")
      yield* until(() => stats.reconnectsBy.handover === 2)
      const last = market.published.at(-1)!
      yield* until(() => ids(rows).includes(last))
      const recorded = ids(rows)
      assert.strictEqual(new Set(recorded).size, recorded.length)
      assert.includeMembers(recorded, market.published.slice(0, Number(last)))
      assert.deepStrictEqual(standingGaps(rows), [])
      assert.strictEqual(market.peers.length, 3)
    }).pipe(Effect.scoped, Effect.provide(environment)))

  it.live("keeps the old connection while no successor comes about", () =>
    Effect.gen(function*() {
      const market = yield* openMarket
      let refused = 0
      const { path, rows, stats } = yield* startPath(() => {
        const away = market.peers.length > 0 && refused < 3
        if (away) refused++
        return exchangeAt(away ? nowhere : market.url)
      })
      yield* Effect.forkScoped(market.trade)
      yield* until(() => ids(rows).length > 5)
      path.replace("a test")
      yield* until(() => stats.reconnectsBy.handover === 1)
      const last = market.published.at(-1)!
      yield* until(() => ids(rows).includes(last))
      assert.strictEqual(refused, 3)
      assert.strictEqual(stats.reconnectsBy.connect_failed, 3)
      assert.strictEqual(market.peers.length, 2)
      assert.includeMembers(ids(rows), market.published.slice(0, Number(last)))
      assert.deepStrictEqual(standingGaps(rows), [])
    }).pipe(Effect.scoped, Effect.provide(environment)))

  for (const successor of ["connects, and does not deliver yet", "does not connect"] as const) {
    it.live(`says that the venue announced it, where the old connection ends and the successor ${successor}`, () =>
      Effect.gen(function*() {
        const market = yield* openMarket
        let refuses = false
        const { rows, stats } = yield* startPath(() => noticingAt(refuses ? nowhere : market.url))
        yield* until(() => market.subscribed.size === 1)
        market.publish()
        yield* until(() => ids(rows).length === 1)
        refuses = successor === "does not connect"
        market.peers[0]!.send("closing")
        yield* until(() => refuses ? stats.reconnectsBy.connect_failed > 0 : market.subscribed.size === 2)
        market.peers[0]!.terminate()
        yield* until(() => stats.reconnectsBy.closed === 1)
        refuses = false
        yield* until(() => market.subscribed.size === 2)
        market.publish()
        yield* until(() => ids(rows).length === 2)
        const gaps = standingGaps(rows)
        assert.deepStrictEqual(gaps.map(({ cause, status }) => ({ cause, status })), [
          { cause: "venue_notice", status: "missing" }
        ])
        const [before, after] = eventsOf(rows)
        assert.strictEqual(gaps[0]?.openedMicros, before?.timestampCollector)
        assert.strictEqual(gaps[0]?.closedMicros, after?.timestampCollector)
      }).pipe(Effect.scoped, Effect.provide(environment)))
  }

  it.effect("waits ten seconds for a successor in a quiet market, and then takes it", () =>
    Effect.gen(function*() {
      const market = yield* openMarket
      const { path, rows, stats } = yield* startPath(() => exchangeAt(market.url))
      // The limiter lets no two attempts follow each other at once.
      yield* TestClock.adjust("1 second")
      yield* untilReally(() => market.subscribed.size === 1)
      market.publish()
      yield* untilReally(() => ids(rows).length === 1)
      path.replace("a test")
      yield* TestClock.adjust("1 second")
      yield* untilReally(() => market.subscribed.size === 2)
      yield* TestClock.adjust("8 seconds")
      assert.strictEqual(stats.reconnects, 0)
      yield* TestClock.adjust("2 seconds")
      yield* untilReally(() => market.peers[0]!.readyState !== market.peers[0]!.OPEN)
      yield* untilReally(() => stats.reconnectsBy.handover === 1)
      assert.strictEqual(market.peers[1]!.readyState, market.peers[1]!.OPEN)
      market.publish()
      yield* untilReally(() => ids(rows).length === 2)
      assert.deepStrictEqual(standingGaps(rows), [])
    }).pipe(Effect.scoped, Effect.provide(environment)))

  it.live("closes both connections when it is interrupted in a handover, and takes what comes until then", () =>
    Effect.gen(function*() {
      const market = yield* openMarket
      const { fiber, path, rows } = yield* startPath(() => exchangeAt(market.url))
      yield* until(() => market.subscribed.size === 1)
      market.publish()
      yield* until(() => ids(rows).length === 1)
      path.replace("a test")
      yield* until(() => market.subscribed.size === 2)
      const before = performance.now()
      // On its way while the connections are being closed; the successor has not delivered.
      for (const peer of market.peers.slice(0, 1)) peer.send("7")
      yield* Fiber.interrupt(fiber)
      assert.isBelow(performance.now() - before, 2500)
      yield* until(() => market.peers.every((peer) => peer.readyState === peer.CLOSED))
      assert.deepStrictEqual(ids(rows), ["0", "7"])
    }).pipe(Effect.scoped, Effect.provide(environment)))

  it.live("never replaces connections of two feeds of a venue at once", () =>
    Effect.gen(function*() {
      const markets = [yield* openMarket, yield* openMarket, yield* openMarket]
      const stats: Array<FeedStats> = []
      for (const [index, market] of markets.entries()) {
        const symbol = `S${index}`
        stats.push((yield* startPath(() => withLifetime(market.url, 4000), { symbol })).stats)
        yield* Effect.forkScoped(market.trade)
      }
      let most = 0
      yield* until(() => {
        const two = markets.filter(({ peers }) => peers.filter((peer) => peer.readyState === peer.OPEN).length > 1)
        most = Math.max(most, two.length)
        return stats.every(({ reconnectsBy }) => reconnectsBy.handover >= 1)
      })
      assert.isAtMost(most, 1)
    }).pipe(Effect.scoped, Effect.provide(environment)))

  for (const delivered of [false, true]) {
    it.live(
      `says ${delivered ? "stale" : "never_subscribed"} where a feed that ${
        delivered ? "has" : "never"
      } delivered sends nothing`,
      () =>
        Effect.gen(function*() {
          const market = yield* openMarket
          const { rows, stats } = yield* startPath(() => exchangeAt(market.url), { messageTimeoutSecs: 0.05 })
          yield* until(() => market.subscribed.size === 1)
          if (delivered) market.publish()
          yield* until(() => stats.reconnectsBy.stale === 1 && market.subscribed.size === 2)
          market.publish()
          yield* until(() => ids(rows).length === (delivered ? 2 : 1))
          assert.deepStrictEqual(standingGaps(rows).map(({ cause, status }) => ({ cause, status })), [
            { cause: delivered ? "stale" : "never_subscribed", status: "missing" }
          ])
        }).pipe(Effect.scoped, Effect.provide(environment))
    )
  }
})
