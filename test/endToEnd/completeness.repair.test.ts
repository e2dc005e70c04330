import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { type Venue, venues } from "../../src/domain/Venue.ts"
import { lieForms, type RequestFault } from "../../src/simulator/Fault.ts"
import { until } from "../until.ts"
import { conclude, deliver, scenario } from "./completeness.ts"
import { type Options, type World, world } from "./harness.ts"
import { assertRepaired, feedsOf, missSome, onlyGap, recorderOf, withoutRepair } from "./missedMarket.ts"

/** The venue has been asked so often. */
const answered = ({ simulator }: World, of: Venue, times: number) =>
  until(() => simulator.ledger.inquiries().filter(({ venue }) => venue === of).length >= times)

const cut = ({ simulator }: World) => simulator.faults.inject({ kind: "disconnect" })

/** No gap of the feed lacks anything, as far as it was said until now. */
const whole = ({ feed }: World, trades: string, atLeast: number) =>
  until(() => feed(trades).completeness.recovered >= atLeast)

const counted = ["binance", "coinbase", "okx"] as const

const ofCounted = (seed: string, options: Options = {}) =>
  world({ venues: counted, simulator: { seed, rate: 50, restartProbability: 0 }, ...options })

const missEverywhere = (made: World) =>
  missSome(made, counted, 200, made.simulator.faults.inject({ kind: "disconnect" }))

/** Nothing is missing of any market. */
const settled = (made: World) =>
  until(() =>
    counted.every((venue) => {
      const { completeness, connected, sequence } = made.feed(feedsOf(venue).trades)
      return connected && sequence.missing === 0 && completeness.recovered > 0
    })
  )

describe.concurrent("missed trades", () => {
  for (const venue of venues) {
    const { trades } = feedsOf(venue)
    // Coinbase and Upbit show their newest trades to whoever subscribes, Bybit's REST no more than the newest 60.
    const steps = venue === "bybit" ? 20 : venue === "coinbase" || venue === "upbit" ? 200 : 40

    scenario(`${venue}: are fetched, and the gap is repaired`, (seed) =>
      Effect.gen(function*() {
        // Slow enough for Bybit's newest 60 to hold what was missed, however long the fetching takes.
        const made = yield* recorderOf(venue, seed, { simulator: { rate: venue === "bybit" ? 4 : 100 } })
        yield* deliver(made, 20)
        yield* missSome(made, [venue], steps, cut(made))
        yield* whole(made, trades, 1)
        yield* deliver(made, 20)
        const found = yield* conclude(made)
        const gaps = assertRepaired(found, trades)
        const fetched = found.events(trades).filter(({ origin }) => origin === "repair")
        assert.isAbove(fetched.length, 0)
        // An OKX trade that is fetched is a single fill.
        assert.strictEqual(gaps.reduce((sum, { recovered }) => sum + recovered, 0), fetched.length)
      }))
  }

  const faults: ReadonlyArray<RequestFault> = [
    { kind: "rest-status", status: 429, retryAfterSecs: 1 },
    { kind: "rest-status", status: 500, retryAfterSecs: 1 },
    ...lieForms.map((form): RequestFault => ({ kind: "rest-lie", form })),
    { kind: "rest-short", trades: 0 },
    { kind: "rest-short", trades: 3 },
    { kind: "rest-broken" }
  ]
  for (const fault of faults) {
    scenario(
      `stay missing where REST answers badly (${Object.values(fault).join(" ")}), and are fetched later`,
      (seed) =>
        Effect.gen(function*() {
          const made = yield* ofCounted(seed)
          yield* deliver(made, 20)
          yield* missEverywhere(made)
          for (const venue of counted) yield* made.simulator.faults.misanswer(fault, { venue, times: 1 })
          for (const venue of counted) yield* answered(made, venue, 1)
          yield* settled(made)
          const found = yield* conclude(made)
          for (const venue of counted) assertRepaired(found, feedsOf(venue).trades)
        })
    )
  }

  scenario("stay missing, each of them, where REST never answers", (seed) =>
    Effect.gen(function*() {
      const made = yield* ofCounted(seed)
      yield* deliver(made, 20)
      yield* missEverywhere(made)
      yield* made.simulator.faults.misanswer({ kind: "rest-silent" })
      for (const venue of counted) yield* answered(made, venue, 1)
      const found = yield* conclude(made)
      for (const venue of counted) {
        const { trades } = feedsOf(venue)
        const gap = onlyGap(found, trades)
        assert.deepInclude(gap, { cause: "disconnected", status: "missing", recovered: 0 })
        assert.strictEqual(gap.missing, Number(gap.lastMissingId) - Number(gap.firstMissingId) + 1)
        assert.isTrue(found.events(trades).every(({ origin }) => origin === "live"))
      }
    }))

  scenario("are not asked for where the configuration says so", (seed) =>
    Effect.gen(function*() {
      const made = yield* ofCounted(seed, { configure: withoutRepair })
      yield* deliver(made, 20)
      yield* missEverywhere(made)
      yield* Effect.sleep(2500)
      yield* deliver(made, 5)
      const found = yield* conclude(made)
      for (const venue of counted) {
        const gap = onlyGap(found, feedsOf(venue).trades)
        assert.deepInclude(gap, { cause: "disconnected", status: "missing", recovered: 0 })
      }
      assert.deepStrictEqual(made.simulator.ledger.inquiries(), [])
    }))

  scenario("of one outage are fetched through another one", (seed) =>
    Effect.gen(function*() {
      const made = yield* ofCounted(seed)
      yield* deliver(made, 20)
      yield* missEverywhere(made)
      yield* made.simulator.faults.misanswer({ kind: "rest-short", trades: 60 })
      for (const venue of counted) yield* answered(made, venue, 2)
      yield* missEverywhere(made)
      yield* made.simulator.faults.misanswer({ kind: "rest-short", trades: 60 })
      for (const venue of counted) yield* answered(made, venue, 4)
      yield* made.simulator.faults.lift
      yield* settled(made)
      const found = yield* conclude(made)
      for (const venue of counted) assert.isAtLeast(assertRepaired(found, feedsOf(venue).trades).length, 2)
    }))
})
