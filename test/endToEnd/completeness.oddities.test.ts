import { assert, describe } from "@effect/vitest"
import { Clock, Effect, FileSystem } from "effect"
import type { GapCause } from "../../src/domain/Gap.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { until } from "../until.ts"
import { conclude, deliver, type Findings, scenario } from "./completeness.ts"
import type { World } from "./harness.ts"
import { feedsOf, live, onlyGap, recorderOf, withoutRepair } from "./missedMarket.ts"

const ended = ({ gaps }: Pick<Findings, "gaps">, feed: string) => gaps(feed).filter(({ status }) => status !== "open")

const causesOf = (found: Pick<Findings, "gaps">, feed: string): ReadonlyArray<GapCause> => [
  ...new Set(ended(found, feed).map(({ cause }) => cause))
]

/** Garbage again and again, until every feed has given up its connection. */
const breakCircuits = Effect.fnUntraced(function*({ feeds, simulator }: World) {
  for (let frames = 0; frames < 300; frames++) {
    yield* simulator.faults.inject({ kind: "garbage", form: "broken-json" })
  }
  yield* until(() => feeds().every((stats) => stats.circuitBreaks > 0))
})

/** A clock that can be set. */
const settable = Effect.map(Clock.Clock, (real) => {
  const state = { offsetMillis: 0 }
  const millis = () => real.currentTimeMillisUnsafe() + state.offsetMillis
  const nanos = () => real.currentTimeNanosUnsafe() + BigInt(state.offsetMillis) * 1_000_000n
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: real.monotonicTimeNanos,
    sleep: (duration) => real.sleep(duration)
  }
  return { clock, state }
})

describe.concurrent("what is missing", () => {
  for (const venue of ["binance", "coinbase", "okx"] as const) {
    const { book, symbol, trades } = feedsOf(venue)

    scenario(
      `${venue}: by the venue's numbers, or after a frame that could not be read, is told as such`,
      (seed) =>
        Effect.gen(function*() {
          const made = yield* recorderOf(venue, seed, { configure: withoutRepair })
          const { faults } = made.simulator
          yield* deliver(made, 20)
          yield* faults.inject({ kind: "gap" }, { dataType: "trade" })
          yield* until(() => made.feed(trades).sequence.gaps === 1)
          yield* faults.inject({ kind: "gap" }, { dataType: "trade" })
          yield* faults.inject({ kind: "garbage", form: "broken-json" }, { dataType: "trade" })
          yield* until(() => made.feed(trades).sequence.gaps === 2)
          yield* faults.inject({ kind: "gap" }, { dataType: "orderbook" })
          if (venue !== "binance") yield* until(() => made.feed(book).sequence.gaps === 1)
          yield* deliver(made, 40)
          const found = yield* conclude(made)
          assert.deepStrictEqual(ended(found, trades).map(({ cause }) => cause), ["sequence_gap", "parse_errors"])
          assert.deepStrictEqual(causesOf(found, book), venue === "binance" ? [] : ["sequence_gap"])
        })
    )

    scenario(
      `${venue}: before the venue numbers its trades anew is not compared with what comes`,
      (seed) =>
        Effect.gen(function*() {
          const made = yield* recorderOf(venue, seed)
          yield* deliver(made, 20)
          yield* Effect.sleep(1200)
          yield* made.simulator.faults.inject({ kind: "restart-trades" }, { dataType: "trade" })
          yield* until(() => made.feed(trades).sequence.resets + made.feed(trades).sequence.outOfOrder > 0)
          yield* deliver(made, 60)
          yield* conclude(made)
        })
    )

    // Coinbase sends its trades four times a second, so that its queue is never full.
    if (venue !== "coinbase") {
      scenario(`${venue}: for want of room is told to the trade, and fetched`, (seed) =>
        Effect.gen(function*() {
          const made = yield* recorderOf(venue, seed, { queueCapacity: 1, simulator: { rate: 3000 } })
          yield* until(() => made.feed(trades).dropped > 10)
          yield* made.simulator.stopTraffic
          yield* made.simulator.flushed
          yield* made.simulator.produce(venue, symbol, 60)
          yield* until(() => made.feed(trades).completeness.recovered > 0)
          const found = yield* conclude(made)
          assert.includeMembers([...causesOf(found, trades)], ["queue_overflow"])
          assert.isTrue(ended(found, trades).some(({ status }) => status === "repaired"))
        }))
    }

    scenario(`${venue}: after too many frames that cannot be read is told as such`, (seed) =>
      Effect.gen(function*() {
        const made = yield* recorderOf(venue, seed, { configure: withoutRepair, simulator: { rate: 20 } })
        yield* deliver(made, 5)
        yield* made.simulator.stopTraffic
        yield* breakCircuits(made)
        yield* made.simulator.produce(venue, symbol, 40)
        yield* made.simulator.resumeTraffic
        yield* live(made)
        yield* deliver(made, 5)
        const found = yield* conclude(made)
        for (const feed of [trades, book]) {
          for (const cause of causesOf(found, feed)) assert.include(["circuit_break", "parse_errors"], cause)
        }
      }))
  }

  scenario("of a market that the venue does not know is told as never subscribed", (seed) =>
    Effect.gen(function*() {
      const unknown = Feed.make("binance", "nosuchusdt", "trade")
      const made = yield* recorderOf("binance", seed, {
        configure: (config) => ({ ...config, feeds: [...config.feeds, { ...config.feeds[0]!, feed: unknown }] })
      })
      yield* until(() => made.feed(feedsOf("binance").trades).events > 20 && made.feed(unknown.id).connected)
      const found = yield* conclude(made)
      const [gap, ...others] = found.gaps(unknown.id)
      assert.deepInclude(gap, { cause: "never_subscribed", status: "open", missing: null, connectionAfter: null })
      assert.deepStrictEqual(others, [])
    }))

  scenario("on the disk because somebody removed an open file is told, and fetched", (seed) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const made = yield* recorderOf("okx", seed, { maxFileAgeSecs: 1 })
      const { trades } = feedsOf("okx")
      const folder = `${made.config.storage.dataDir}/.open`
      yield* until(() => made.feed(trades).filesSealed > 0 && made.feed(trades).openFile !== null)
      for (const name of yield* fs.readDirectory(folder)) {
        if (/^okx\.btcusdt\.trade\..*parquet$/.test(name)) yield* fs.remove(`${folder}/${name}`)
      }
      yield* until(() => made.feed(trades).writeErrors > 0)
      yield* until(() => made.feed(trades).sequence.missing === 0)
      yield* deliver(made, 100)
      const found = yield* conclude(made)
      if (made.feed(trades).rowsLost > 0) assert.deepStrictEqual(causesOf(found, trades), ["disk"])
    }))

  for (const [name, offsetMillis] of [["back", -3_700_000], ["forward", 3_700_000]] as const) {
    scenario(`is not more where the clock is set ${name}`, (seed) =>
      Effect.gen(function*() {
        const { clock, state } = yield* settable
        const made = yield* recorderOf("okx", seed, { clock })
        const { trades } = feedsOf("okx")
        yield* deliver(made, 50)
        state.offsetMillis = offsetMillis
        yield* deliver(made, 50)
        yield* made.simulator.faults.inject({ kind: "disconnect" })
        yield* until(() => made.feeds().every(({ connections, state }) => connections > 1 && state === "live"))
        state.offsetMillis = 0
        yield* deliver(made, 50)
        yield* made.finish
        for (const stats of made.feeds()) assert.strictEqual(stats.dropped, 0)
        assert.strictEqual(made.feed(trades).sequence.resets, 0)
      }))
  }

  scenario(
    "of an Upbit market after frames that could not be read may be anything, and is fetched",
    (seed) =>
      Effect.gen(function*() {
        const made = yield* recorderOf("upbit", seed)
        const { trades } = feedsOf("upbit")
        yield* deliver(made, 20)
        yield* made.simulator.faults.inject({ kind: "gap", count: 3 }, { dataType: "trade" })
        yield* made.simulator.faults.inject({ kind: "garbage", form: "binary" }, { dataType: "trade" })
        yield* until(() => made.feed(trades).completeness.recovered > 0)
        yield* deliver(made, 20)
        assert.deepInclude(onlyGap(yield* conclude(made), trades), { cause: "parse_errors", status: "repaired" })
      })
  )
})
