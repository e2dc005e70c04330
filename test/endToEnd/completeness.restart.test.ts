import { assert, describe } from "@effect/vitest"
import { Effect, Random } from "effect"
import { venues } from "../../src/domain/Venue.ts"
import { conclude, deliver, scenario } from "./completeness.ts"
import { feedsOf, live, recorderOf, symbolOf, withoutRepair } from "./missedMarket.ts"
import { until } from "../until.ts"
import { type World, world } from "./harness.ts"

/** Both connections of a second recorder have subscribed. */
const subscribed = ({ simulator: { ledger } }: Pick<World, "simulator">) =>
  until(() => ledger.connections().slice(2).filter(({ subscriptions }) => subscriptions.length > 0).length === 2)

describe.concurrent("a recorder that was stopped and started again", () => {
  for (const venue of venues) {
    const { book, trades } = feedsOf(venue)
    const isCounted = venue === "binance" || venue === "coinbase" || venue === "okx"

    scenario(`${venue}: knows what it missed meanwhile, and fetches it`, (seed) =>
      Effect.gen(function*() {
        const first = yield* recorderOf(venue, seed, { simulator: { rate: venue === "bybit" ? 10 : 100 } })
        yield* deliver(first, 20)
        yield* first.simulator.stopTraffic
        yield* first.simulator.flushed
        yield* first.shutDown
        yield* first.simulator.produce(venue, symbolOf(venue), venue === "bybit" ? 20 : 250)
        const second = yield* first.again
        yield* subscribed(second)
        // No more than Bybit still tells of, however long the fetching takes.
        yield* second.simulator.produce(venue, symbolOf(venue), 15)
        yield* until(() => second.feed(trades).completeness.recovered > 0 && second.feed(trades).sequence.missing === 0)
        yield* second.simulator.resumeTraffic
        yield* deliver(second, 20)
        const found = yield* conclude(second)
        const settled = found.gaps(trades).filter(({ status }) => status !== "open")
        assert.isAbove(settled.length, 0)
        for (const gap of settled) {
          assert.deepInclude(gap, { cause: "recorder_stopped", connectionAfter: 1 })
          // Bybit tells of its newest 60 trades, which may not be all.
          if (venue !== "bybit") assert.deepInclude(gap, { status: "repaired", missing: 0 })
        }
        const [missed, ...rest] = found.gaps(book)
        assert.deepInclude(missed, { cause: "recorder_stopped", status: "missing", connectionAfter: 1 })
        assert.deepStrictEqual(rest.map(({ cause, status }) => [cause, status]), [["recorder_stopped", "open"]])
      }))

    scenario(`${venue}: says nothing is missing where nothing happened meanwhile`, (seed) =>
      Effect.gen(function*() {
        const first = yield* recorderOf(venue, seed)
        yield* deliver(first, 20)
        yield* first.simulator.stopTraffic
        yield* first.simulator.flushed
        yield* first.shutDown
        const second = yield* first.again
        yield* subscribed(second)
        yield* first.simulator.resumeTraffic
        yield* live(second)
        // What a venue repeats is no news, and ends no gap.
        yield* deliver(second, 5)
        const found = yield* conclude(second)
        const settled = found.gaps(trades).filter(({ status }) => status !== "open")
        assert.lengthOf(settled, isCounted ? 0 : 1, JSON.stringify(settled))
      }))

    scenario(
      `${venue}: over a connection that was dead at the stop is told from the last event on`,
      (seed) =>
        Effect.gen(function*() {
          const first = yield* recorderOf(venue, seed, { configure: withoutRepair })
          yield* deliver(first, 20)
          yield* first.simulator.faults.inject({ kind: "half-open" })
          yield* first.simulator.produce(venue, symbolOf(venue), 40)
          yield* Effect.sleep(700)
          yield* first.shutDown
          const second = yield* first.again
          yield* deliver(second, 10)
          yield* conclude(second)
        })
    )

    if (venue === "bybit") continue
    scenario(`${venue}: a gap from before the stop is fetched after it`, (seed) =>
      Effect.gen(function*() {
        const first = yield* recorderOf(venue, seed)
        const { faults } = first.simulator
        yield* deliver(first, 20)
        yield* faults.misanswer({ kind: "rest-silent" })
        yield* faults.refuse({ kind: "tcp-close" }, { times: 4 })
        yield* faults.inject({ kind: "disconnect" })
        yield* live(first)
        yield* deliver(first, 10)
        yield* first.shutDown
        yield* faults.lift
        const second = yield* first.again
        yield* until(() => second.feed(trades).completeness.recovered > 0 && second.feed(trades).sequence.missing === 0)
        yield* deliver(second, 5)
        const found = yield* conclude(second)
        const settled = found.gaps(trades).filter(({ status }) => status !== "open")
        // Coinbase may show what was missed to whoever subscribes again.
        assert.isAtLeast(settled.length, venue === "coinbase" ? 1 : 2)
        if (isCounted) { for (const gap of settled) assert.strictEqual(gap.status, "repaired", JSON.stringify(gap)) }
      }))
  }

  scenario(
    "again and again has no trade twice, and lacks none that it does not tell of",
    (seed) =>
      Effect.gen(function*() {
        let recorder = yield* world({
          simulator: { seed, rate: 100 },
          maxFileAgeSecs: 0.5,
          configure: (yield* Random.nextBoolean) ? withoutRepair : (config) => config
        })
        for (let stops = 0; stops < 5; stops++) {
          yield* Effect.sleep(yield* Random.nextBetween(0, 1500))
          yield* recorder.shutDown
          recorder = yield* recorder.again
        }
        yield* deliver(recorder, 20)
        yield* conclude(recorder)
      })
  )
})
