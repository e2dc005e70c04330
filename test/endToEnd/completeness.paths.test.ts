import { assert, describe } from "@effect/vitest"
import { Effect, Random } from "effect"
import type { Venue } from "../../src/domain/Venue.ts"
import { until } from "../until.ts"
import { conclude, deliver, scenario } from "./completeness.ts"
import type { World } from "./harness.ts"
import { assertRepaired, feedsOf, missSome, onlyGap, recorderOf } from "./missedMarket.ts"

/** A recorder over two paths, each by a way of its own. */
const overTwo = (venue: Venue, seed: string) =>
  recorderOf(venue, seed, {
    simulator: { listeners: 2, rate: 100 },
    configure: (config, simulator) => ({
      ...config,
      feeds: config.feeds.map((feed) => ({
        ...feed,
        paths: venue === "coinbase" && feed.feed.dataType === "orderbook" ? 1 : 2,
        baseUrls: [simulator.baseUrl(venue, 0), simulator.baseUrl(venue, 1)]
      }))
    })
  })

const open = ({ simulator }: World, listener: number) =>
  simulator.ledger.connections().filter(({ address, closedAt }) => closedAt === null && address.listener === listener)

/** Both ways carry both feeds: something has come over each of the connections. */
const bothCarry = (made: World) =>
  until(() => {
    const { ledger } = made.simulator
    return [0, 1].every((listener) => {
      const connections = open(made, listener)
      return connections.length === 2 &&
        connections.every(({ connection }) => ledger.entries({ connection }).length > 3)
    })
  })

describe.concurrent("two paths", () => {
  for (const venue of ["binance", "upbit", "okx", "bybit"] as const) {
    const { book, trades } = feedsOf(venue)

    scenario(`${venue}: that fail in turn lose nothing`, (seed) =>
      Effect.gen(function*() {
        const made = yield* overTwo(venue, seed)
        yield* bothCarry(made)
        yield* deliver(made, 20)
        for (let turn = 0; turn < 6; turn++) {
          const kind = yield* Random.choice(["disconnect", "abrupt"] as const)
          yield* made.simulator.faults.inject({ kind }, { listener: turn % 2 })
          yield* until(() => open(made, turn % 2).length < 2)
          yield* deliver(made, 10)
          yield* bothCarry(made)
          // A book over a new connection is of use once it has come as far as the other.
          yield* deliver(made, 20)
        }
        const found = yield* conclude(made)
        for (const feed of [trades, book]) {
          const gaps = found.gaps(feed).filter(({ cause }) => cause !== "recorder_stopped")
          assert.deepStrictEqual(gaps, [], feed)
        }
        const rows = found.events(trades)
        assert.strictEqual(new Set(rows.map(({ id }) => id)).size, rows.length)
      }))

    scenario(`${venue}: that fail at once leave one gap, which is repaired`, (seed) =>
      Effect.gen(function*() {
        const made = yield* overTwo(venue, seed)
        yield* bothCarry(made)
        yield* deliver(made, 20)
        const steps = venue === "bybit" ? 20 : 200
        yield* missSome(made, [venue], steps, made.simulator.faults.inject({ kind: "disconnect" }))
        yield* until(() => made.feed(trades).repaired > 0 || venue === "bybit")
        yield* Effect.sleep(500)
        yield* deliver(made, 20)
        const found = yield* conclude(made)
        assert.strictEqual(onlyGap(found, book).cause, "disconnected")
        if (venue === "bybit") assert.strictEqual(onlyGap(found, trades).cause, "disconnected")
        else assertRepaired(found, trades)
      }))

    scenario(`${venue}: what one of them lacks, the other one brings`, (seed) =>
      Effect.gen(function*() {
        const made = yield* overTwo(venue, seed)
        yield* bothCarry(made)
        yield* deliver(made, 20)
        for (let turn = 0; turn < 4; turn++) {
          const { ledger } = made.simulator
          const sent = open(made, turn % 2).map(({ connection }) => ({
            connection,
            before: ledger.entries({ connection }).length
          }))
          yield* made.simulator.faults.inject({ kind: "gap" }, { listener: turn % 2 })
          // The message that was swallowed stood before.
          yield* until(() => sent.every(({ before, connection }) => ledger.entries({ connection }).length > before))
          yield* deliver(made, 5)
        }
        const found = yield* conclude(made)
        assert.deepStrictEqual(
          found.gaps(trades).filter(({ cause }) => cause !== "recorder_stopped"),
          []
        )
      }))
  }
})
