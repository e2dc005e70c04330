import { assert, describe } from "@effect/vitest"
import { Context, Effect } from "effect"
import { vi } from "vitest"
import { plansOf } from "../../src/App.ts"
import type { Venue } from "../../src/domain/Venue.ts"
import type { Exchange } from "../../src/exchanges/Exchange.ts"
import type * as Registry from "../../src/exchanges/registry.ts"
import { Supervisor } from "../../src/feeds/Supervisor.ts"
import { until } from "../until.ts"
import { conclude, deliver, scenario } from "./completeness.ts"
import { feedsOf, recorderOf } from "./missedMarket.ts"
import { assertNothingLost } from "./harness.ts"

/** What the recorder is told, and what is true: a busy machine is late. */
const lifetimeMillis = 4000
const patienceMillis = 12_000

// No test waits for a day, so that here every venue ends its connections after seconds.
vi.mock("../../src/exchanges/registry.ts", async (original) => {
  const { registry } = await original<typeof Registry>()
  return {
    registry: Object.fromEntries(
      Object.entries(registry).map(([venue, make]) => [venue, (baseUrl: string | null): Exchange => {
        const exchange = make(baseUrl)
        return { ...exchange, limits: { ...exchange.limits, maxLifetimeMillis: lifetimeMillis } }
      }])
    )
  }
})

const stoppedOnly = (
  found: { readonly gaps: (feed: string) => ReadonlyArray<{ readonly cause: string }> },
  venue: Venue
) => {
  const { book, trades } = feedsOf(venue)
  for (const feed of [trades, book]) {
    assert.deepStrictEqual(found.gaps(feed).filter(({ cause }) => cause !== "recorder_stopped"), [], feed)
  }
}

describe.concurrent("a connection is replaced before it ends", () => {
  for (const venue of ["binance", "coinbase", "upbit", "okx", "bybit"] as const) {
    scenario(`${venue}: where its lifetime ends, time and again`, (seed) =>
      Effect.gen(function*() {
        const lifetime = {
          binanceLifetime: patienceMillis,
          coinbaseLifetime: patienceMillis,
          upbitLifetime: patienceMillis,
          okxLifetime: patienceMillis * 2,
          noticeLead: patienceMillis,
          bybitLifetime: patienceMillis
        }
        const made = yield* recorderOf(venue, seed, { simulator: { timings: lifetime } })
        yield* until(() => made.feeds().every(({ reconnectsBy }) => reconnectsBy.handover >= 4))
        for (const { connections, reconnects, reconnectsBy } of made.feeds()) {
          assert.strictEqual(reconnects, reconnectsBy.handover, JSON.stringify(reconnectsBy))
          assert.isAtLeast(connections, 5)
        }
        const found = yield* conclude(made)
        // The book with which a successor begins is of no use where the changes before it are there.
        assertNothingLost(found.audits.filter(({ feedId }) => feedId === feedsOf(venue).trades))
        stoppedOnly(found, venue)
      }))

    scenario(`${venue}: where the configuration changes under load`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorderOf(venue, seed, { simulator: { rate: 300 } })
        const supervisor = Context.get(made.context, Supervisor)
        for (let times = 1; times <= 3; times++) {
          yield* deliver(made, 50)
          const feeds = made.config.feeds.map((feed) => ({ ...feed, messageTimeoutSecs: 100 + times }))
          const applied = yield* supervisor.apply(plansOf({ ...made.config, feeds }))
          assert.lengthOf(applied.changed, 2)
          yield* until(() => made.feeds().every(({ reconnectsBy }) => reconnectsBy.handover >= times))
        }
        yield* deliver(made, 50)
        const found = yield* conclude(made)
        // The book with which a successor begins is of no use where the changes before it are there.
        assertNothingLost(found.audits.filter(({ feedId }) => feedId === feedsOf(venue).trades))
        stoppedOnly(found, venue)
      }))
  }

  for (const venue of ["binance", "okx"] as const) {
    scenario(`${venue}: where the venue announces its end`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorderOf(venue, seed)
        for (let times = 1; times <= 3; times++) {
          yield* deliver(made, 20)
          yield* made.simulator.faults.inject({ kind: "notice", leadMillis: 5000 })
          yield* deliver(made, 60)
        }
        const found = yield* conclude(made)
        // The book with which a successor begins is of no use where the changes before it are there.
        assertNothingLost(found.audits.filter(({ feedId }) => feedId === feedsOf(venue).trades))
        stoppedOnly(found, venue)
      }))
  }
})
