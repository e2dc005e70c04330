import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { venues } from "../../src/domain/Venue.ts"
import type { RequestFault } from "../../src/simulator/Fault.ts"
import { until } from "../until.ts"
import { conclude, deliver, scenario } from "./completeness.ts"
import type { World } from "./harness.ts"
import { feedsOf, missSome, onlyGap, recorderOf, withoutRepair } from "./missedMarket.ts"

const asked = ({ simulator }: World, times: number) => until(() => simulator.ledger.inquiries().length >= times)

const cut = ({ simulator }: World) => simulator.faults.inject({ kind: "disconnect" })

/** No gap of the feed lacks anything, as far as it was said until now. */
const whole = ({ feed }: World, trades: string, atLeast: number) =>
  until(() => feed(trades).completeness.recovered >= atLeast)

const counted = ["binance", "coinbase", "okx"] as const

describe.concurrent("missed trades", () => {
  for (const venue of venues) {
    const { trades } = feedsOf(venue)
    // Coinbase and Upbit show their newest trades to whoever subscribes, Bybit's REST no more than the newest 60.
    const steps = venue === "bybit" ? 20 : venue === "coinbase" || venue === "upbit" ? 200 : 40

    scenario(`${venue}: are fetched, and the gap is repaired`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorderOf(venue, seed, { simulator: { rate: venue === "bybit" ? 10 : 100 } })
        yield* deliver(made, 20)
        yield* missSome(made, venue, steps, cut(made))
        yield* whole(made, trades, 1)
        yield* deliver(made, 20)
        const found = yield* conclude(made)
        const gap = onlyGap(found, trades)
        assert.deepInclude(gap, { cause: "disconnected", status: "repaired", missing: 0 })
        const fetched = found.events(trades).filter(({ origin }) => origin === "repair")
        assert.isAbove(fetched.length, 0)
        // An OKX trade that is fetched is a single fill.
        assert.strictEqual(gap.recovered, fetched.length)
      }))
  }

  for (const venue of counted) {
    const { trades } = feedsOf(venue)
    const faults: ReadonlyArray<RequestFault> = [
      { kind: "rest-status", status: 429, retryAfterSecs: 1 },
      { kind: "rest-status", status: 500, retryAfterSecs: 1 },
      { kind: "rest-lie", form: "ids" },
      { kind: "rest-lie", form: "symbol" },
      { kind: "rest-lie", form: "holes" },
      { kind: "rest-lie", form: "duplicates" },
      { kind: "rest-short", trades: 0 },
      { kind: "rest-short", trades: 3 },
      { kind: "rest-broken" }
    ]
    for (const fault of faults) {
      const name = fault.kind === "rest-status"
        ? String(fault.status)
        : fault.kind === "rest-lie"
        ? fault.form
        : fault.kind === "rest-short"
        ? `${fault.trades}`
        : ""
      scenario(
        `${venue}: stay missing where REST answers badly (${fault.kind} ${name}), and are fetched later`,
        (seed) =>
          Effect.gen(function*() {
            const made = yield* recorderOf(venue, seed)
            yield* deliver(made, 20)
            yield* made.simulator.faults.misanswer(fault, { times: 1 })
            yield* missSome(made, venue, 100, cut(made))
            yield* asked(made, 2)
            yield* until(() => made.feed(trades).sequence.missing === 0)
            yield* deliver(made, 5)
            const found = yield* conclude(made)
            assert.deepInclude(onlyGap(found, trades), { cause: "disconnected", status: "repaired", missing: 0 })
          })
      )
    }

    scenario(`${venue}: stay missing, each of them, where REST never answers`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorderOf(venue, seed)
        yield* deliver(made, 20)
        yield* made.simulator.faults.misanswer({ kind: "rest-silent" })
        yield* missSome(made, venue, 200, cut(made))
        yield* asked(made, 1)
        const found = yield* conclude(made)
        const gap = onlyGap(found, trades)
        assert.deepInclude(gap, { cause: "disconnected", status: "missing", recovered: 0 })
        assert.strictEqual(gap.missing, Number(gap.lastMissingId) - Number(gap.firstMissingId) + 1)
        assert.isTrue(found.events(trades).every(({ origin }) => origin === "live"))
      }))

    scenario(`${venue}: are not asked for where the configuration says so`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorderOf(venue, seed, { configure: withoutRepair })
        yield* deliver(made, 20)
        yield* missSome(made, venue, 200, cut(made))
        yield* Effect.sleep(2500)
        yield* deliver(made, 5)
        const found = yield* conclude(made)
        assert.deepInclude(onlyGap(found, trades), { cause: "disconnected", status: "missing", recovered: 0 })
        assert.deepStrictEqual(made.simulator.ledger.inquiries(), [])
      }))

    scenario(`${venue}: of one outage are fetched through another one`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorderOf(venue, seed)
        yield* deliver(made, 20)
        yield* made.simulator.faults.misanswer({ kind: "rest-short", trades: 60 })
        yield* missSome(made, venue, 250, cut(made))
        yield* asked(made, 2)
        yield* missSome(made, venue, 250, cut(made))
        yield* asked(made, 4)
        yield* made.simulator.faults.lift
        yield* until(() => made.feed(trades).sequence.missing === 0)
        yield* deliver(made, 5)
        const found = yield* conclude(made)
        const gaps = found.gaps(trades).filter(({ status }) => status !== "open")
        assert.isAtLeast(gaps.length, 2)
        for (const gap of gaps) assert.deepInclude(gap, { status: "repaired", missing: 0 })
      }))
  }
})
