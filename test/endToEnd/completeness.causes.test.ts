import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import type { Gap, GapCause } from "../../src/domain/Gap.ts"
import type { Venue } from "../../src/domain/Venue.ts"
import { until } from "../until.ts"
import { conclude, deliver, scenario } from "./completeness.ts"
import type { Options } from "./harness.ts"
import { feedsOf, live, missSome, onlyGap, recorderOf, symbolOf, withoutRepair } from "./missedMarket.ts"

/** A recorder that fetches nothing afterwards, so that what is missing stays missing. */
const recorder = (venue: Venue, seed: string, options: Options = {}) =>
  recorderOf(venue, seed, { configure: withoutRepair, ...options })

/** What a gap says, but for what differs from run to run. */
const said = (
  { cause, connectionAfter, connectionBefore, dataType, missing, recovered, status }: Gap
) => ({ cause, status, dataType, sized: missing !== null, recovered, connectionBefore, connectionAfter })

const lost = (cause: GapCause, feed: string, sized: boolean, connections: [number | null, number | null]) => ({
  cause,
  status: "missing",
  dataType: feed.endsWith("trade") ? "trade" : "orderbook",
  sized,
  recovered: 0,
  connectionBefore: connections[0],
  connectionAfter: connections[1]
})

describe.concurrent("the cause of a gap", () => {
  for (const venue of ["binance", "okx", "bybit"] as const) {
    const { book, trades } = feedsOf(venue)
    const counted = venue !== "bybit"

    scenario(`${venue}: disconnected`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorder(venue, seed)
        yield* deliver(made, 20)
        yield* missSome(made, [venue], 40, made.simulator.faults.inject({ kind: "disconnect" }))
        yield* deliver(made, 20)
        const found = yield* conclude(made)
        for (const feed of [trades, book]) {
          const gap = onlyGap(found, feed)
          const after = gap.connectionAfter ?? 0
          assert.isAbove(after, 1)
          assert.deepStrictEqual(said(gap), lost("disconnected", feed, counted && feed === trades, [1, after]))
        }
      }))

    scenario(`${venue}: stale`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorder(venue, seed, { messageTimeoutSecs: 0.3 })
        yield* deliver(made, 20)
        yield* made.simulator.faults.inject({ kind: "stall" })
        yield* until(() => made.feeds().every(({ connections, state }) => connections > 1 && state === "live"))
        const found = yield* conclude(made)
        for (const feed of [trades, book]) {
          assert.deepStrictEqual(said(onlyGap(found, feed)), lost("stale", feed, counted && feed === trades, [1, 2]))
        }
      }))

    scenario(`${venue}: connect_failing`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorder(venue, seed, {
          prepare: (simulator) => {
            // Brings the market to life, and with it what is missed.
            simulator.trades(venue, symbolOf(venue))
            return simulator.faults.refuse({ kind: "tcp-close" }, { venue })
          }
        })
        yield* until(() => made.feeds().every(({ reconnectsBy }) => reconnectsBy.connect_failed > 3))
        yield* made.simulator.faults.lift
        yield* live(made)
        const found = yield* conclude(made)
        for (const feed of [trades, book]) {
          const gap = onlyGap(found, feed)
          const after = gap.connectionAfter ?? 0
          assert.isAbove(after, 3)
          assert.deepStrictEqual(said(gap), lost("connect_failing", feed, false, [null, after]))
        }
      }))

    // Bybit announces nothing.
    if (venue === "bybit") continue
    scenario(`${venue}: venue_notice, where no successor comes about in time`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorder(venue, seed)
        yield* deliver(made, 20)
        yield* missSome(made, [venue], 40, made.simulator.faults.inject({ kind: "notice", leadMillis: 50 }))
        yield* deliver(made, 20)
        const found = yield* conclude(made)
        for (const feed of [trades, book]) {
          const gap = onlyGap(found, feed)
          assert.deepInclude(said(gap), { cause: "venue_notice", status: "missing", connectionBefore: 1 })
        }
      }))
  }

  for (const venue of ["okx", "bybit", "upbit", "coinbase"] as const) {
    const { book, trades } = feedsOf(venue)
    scenario(`${venue}: subscription_rejected`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorder(venue, seed)
        yield* deliver(made, 20)
        const { faults, flushed, produce, resumeTraffic, stopTraffic } = made.simulator
        yield* stopTraffic
        yield* flushed
        yield* faults.reject({ venue })
        yield* faults.inject({ kind: "disconnect" })
        yield* until(() => made.feeds().every(({ state }) => state === "rejected"))
        // More trades than Coinbase repeats to a new connection, so that some are missing.
        yield* produce(venue, symbolOf(venue), 120)
        yield* faults.lift
        yield* resumeTraffic
        yield* live(made)
        const found = yield* conclude(made)
        for (const feed of [trades, book]) {
          // The connection had been lost before, and that began it.
          assert.deepInclude(said(onlyGap(found, feed)), { cause: "disconnected", status: "missing" })
        }
      }))
  }

  scenario("okx: subscription_rejected from the beginning", (seed) =>
    Effect.gen(function*() {
      const made = yield* recorder("okx", seed, {
        prepare: (simulator) => {
          simulator.trades("okx", "BTC-USDT")
          return simulator.faults.reject({ venue: "okx" })
        }
      })
      yield* until(() => made.feeds().every(({ state }) => state === "rejected"))
      yield* made.simulator.faults.lift
      yield* live(made)
      const found = yield* conclude(made)
      const { book, trades } = feedsOf("okx")
      for (const feed of [trades, book]) {
        const gap = onlyGap(found, feed)
        assert.deepStrictEqual(said(gap), lost("subscription_rejected", feed, false, [null, gap.connectionAfter]))
      }
    }))
})
