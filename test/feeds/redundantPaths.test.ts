import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Layer, Logger, Schema } from "effect"
import type { WebSocket } from "ws"
import type { TradeEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { ConnectLimiter } from "../../src/feeds/ConnectLimiter.ts"
import * as OutageLog from "../../src/feeds/OutageLog.ts"
import { PathRace } from "../../src/feeds/PathRace.ts"
import { PastTrades } from "../../src/feeds/PastTrades.ts"
import * as Recorder from "../../src/feeds/Recorder.ts"
import { Tokens } from "../../src/feeds/Tokens.ts"
import * as Logging from "../../src/telemetry/Logging.ts"
import * as PathStats from "../../src/telemetry/PathStats.ts"
import { makeStats, Telemetry } from "../../src/telemetry/Telemetry.ts"
import { until } from "../until.ts"
import { destination, record } from "./destination.ts"
import { eventsOf, IntakeModel, standingGaps } from "./intakeModel.ts"
import { exchangeAt, serve } from "./numberVenue.ts"

const trade = (id: number, tradedMicros: number, receivedMicros: number): TradeEvent => ({
  dataType: "trade",
  symbol: "btcusdt",
  sequenceId: String(id),
  timestampCollector: receivedMicros,
  timestampExchange: tradedMicros,
  data: Buffer.from(String(id)),
  position: { first: id, last: id, previous: null },
  tradeId: String(id),
  price: 1,
  size: 1,
  side: "buy"
})

const environment = Layer.mergeAll(ConnectLimiter.layer, PastTrades.layer, Telemetry.layer, Tokens.layerNone)

/** Who brings a trade; the other one loses it. */
const Brought = Schema.Literals(["first", "second", "both", "both, the second first", "neither"])

describe("redundant paths", () => {
  it.prop(
    "lose only what all of them lose, and each is told what it would have lost alone",
    [Arbitrary.array(Arbitrary.schema(Brought), { maxLength: 60 })],
    ([trades]) => {
      const feed = Feed.make("binance", "btcusdt", "trade")
      const model = new IntakeModel(feed, "consecutive", 1_000_000, 2)
      const paths = [model.connect(0), model.connect(1)] as const
      const lost = [0, 0]
      const won = [0, 0]
      const neither: Array<number> = []
      const send = (id: number, by: typeof Brought.Type) => {
        model.now += 1000
        const tradedMicros = model.now
        const bring = (path: 0 | 1) => {
          model.now += 1000
          paths[path].receive([trade(id, tradedMicros, model.now)], null, model.now / 1000)
        }
        if (by === "neither") {
          neither.push(id)
          return
        }
        if (by === "second" || by === "both, the second first") bring(1)
        if (by !== "second") bring(0)
        if (by === "both") bring(1)
        won[by === "first" || by === "both" ? 0 : 1]!++
        if (by === "first") lost[1]!++
        if (by === "second") lost[0]!++
      }
      send(1000, "both")
      trades.forEach((by, index) => send(1001 + index, by))
      send(1001 + trades.length, "both")
      // So long after that all are settled.
      model.now += 120_000_000
      send(1002 + trades.length, "both")
      model.drain()
      const standing = standingGaps(model.rows)
      assert.deepStrictEqual(
        standing.flatMap(({ firstMissingId, lastMissingId, missing, status }) => {
          assert.strictEqual(status, "missing")
          const first = Number(firstMissingId)
          assert.strictEqual(missing, Number(lastMissingId) - first + 1)
          return Array.from({ length: missing ?? 0 }, (_, i) => first + i)
        }),
        neither
      )
      const recorded = eventsOf(model.rows).map(({ sequenceId }) => Number(sequenceId))
      assert.strictEqual(new Set(recorded).size, recorded.length)
      assert.strictEqual(recorded.length, trades.length + 3 - neither.length)
      const { paths: stats } = model.stats
      assert.deepStrictEqual(stats.map((path) => path.won), won)
      assert.deepStrictEqual(stats.map((path) => path.lost), lost)
    },
    { arbitrary: { runs: 500 } }
  )

  it("are told how far one is behind the first, and remember a bounded number of events", () => {
    const paths = PathStats.ofPaths(3)
    const race = new PathRace(paths)
    race.brought(0, "a", 1_000_000, true)
    race.brought(1, "a", 1_020_000, false)
    race.brought(1, "a", 1_500_000, false)
    assert.strictEqual(paths[1]?.lag.count, 1)
    assert.closeTo(paths[1]?.lag.sum ?? 0, 0.02, 1e-9)
    // An old one that a venue repeats is no news of anybody.
    race.brought(2, "older", 1_500_000, false)
    for (let id = 0; id < 4095; id++) race.brought(0, String(id), 1_600_000, true)
    assert.deepStrictEqual(paths.map(({ lost }) => lost), [0, 0, 0])
    race.brought(0, "4095", 1_600_000, true)
    assert.deepStrictEqual(paths.map(({ lost }) => lost), [0, 0, 1])
    assert.strictEqual(paths[2]?.lag.count, 0)
  })

  it("cost nothing where there is one", () => {
    assert.deepStrictEqual(makeStats(Feed.make("binance", "btcusdt", "trade")).paths, [])
  })

  it.live("keep a feed alive while one of them reconnects, and nobody is told that it was lost", () =>
    Effect.gen(function*() {
      const feed = Feed.make("bybit", "BTCUSDT", "trade")
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ logLevel, message }) => {
        if (logLevel !== "Debug" && logLevel !== "Trace") lines.push(String(message))
      })])
      const peers: Array<WebSocket> = []
      const url = yield* serve((peer) => peers.push(peer))
      const stats = (yield* Telemetry).stats(feed)
      const written: Array<string> = []
      const gaps: Array<string> = []
      const states: Array<string> = []
      let state: typeof stats.state = "starting"
      Object.defineProperty(stats, "state", {
        get: () => state,
        set: (to: typeof state) => {
          state = to
          states.push(to)
        }
      })
      yield* Effect.forkScoped(
        record(
          feed,
          destination(
            (rows) => Effect.sync(() => written.push(...rows.map(({ sequenceId }) => sequenceId))),
            (rows) => Effect.sync(() => gaps.push(...rows.map(({ sequenceId }) => sequenceId)))
          ),
          stats,
          {
            history: null,
            exchanges: [exchangeAt(url), exchangeAt(url)],
            backoff: { initialSecs: 0.01, maxSecs: 0.05 },
            queueCapacity: 1000,
            messageTimeoutSecs: 60,
            outage: OutageLog.make([feed]).of(feed)
          }
        ).pipe(Effect.provide(logger))
      )
      yield* until(() => stats.paths.length === 2 && stats.paths.every(({ connected }) => connected))
      let id = 0
      const toAll = () => {
        id++
        for (const peer of peers) if (peer.readyState === peer.OPEN) peer.send(String(id))
      }
      toAll()
      yield* until(() => written.length === 1 && stats.sequence.duplicates === 1)
      states.length = lines.length = 0
      for (let round = 0; round < 4; round++) {
        const connections = peers.length
        peers.find((peer) => peer.readyState === peer.OPEN)?.terminate()
        yield* until(() => stats.paths.some(({ connected }) => !connected))
        assert.isTrue(stats.connected)
        toAll()
        yield* until(() => peers.length > connections && stats.paths.every(({ connected }) => connected))
        toAll()
        yield* until(() => written.length === id && stats.sequence.duplicates === round + 2)
      }
      assert.deepStrictEqual(states, [])
      assert.deepStrictEqual(lines, [])
      assert.deepStrictEqual(gaps, [])
      assert.deepStrictEqual(written, Array.from({ length: id }, (_, i) => String(i + 1)))
      assert.strictEqual(stats.reconnectsBy.closed, 4)
    }).pipe(Effect.scoped, Effect.provide(environment)))

  it.live("that are taken away have no part in where the feed stands", () =>
    Effect.gen(function*() {
      const feed = Feed.make("bybit", "BTCUSDT", "trade")
      const peers: Array<WebSocket> = []
      let away = false
      const url = yield* serve((peer) => {
        if (away) peer.terminate()
        else peers.push(peer)
      })
      const refusing = yield* serve((peer) => peer.send("no: one is enough"))
      const stats = (yield* Telemetry).stats(feed)
      const course = { history: null, messageTimeoutSecs: 60, exchanges: [exchangeAt(url), exchangeAt(refusing)] }
      const { run, steer } = yield* Recorder.make(feed, course, destination(() => Effect.void), stats, {
        backoff: { initialSecs: 5, maxSecs: 60 },
        queueCapacity: 1000,
        outage: OutageLog.make([feed]).of(feed)
      })
      yield* Effect.forkScoped(run)
      yield* until(() => stats.rejections === 1 && peers.length === 1)
      peers[0]!.send("1")
      yield* until(() => stats.state === "live")
      assert.isTrue(yield* steer({ ...course, exchanges: [exchangeAt(url)] }))
      away = true
      for (const peer of peers) peer.terminate()
      yield* until(() => stats.state === "waiting" || stats.state === "rejected")
      assert.strictEqual(stats.state, "waiting")
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(environment, Logging.layerConsole("None")))))
})
