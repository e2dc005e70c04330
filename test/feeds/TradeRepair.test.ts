import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, References } from "effect"
import { TestClock } from "effect/testing"
import type { ContinuityRule } from "../../src/domain/ContinuityRule.ts"
import type { TradeEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import type { HistoryAnswer, TradeHistory } from "../../src/exchanges/TradeHistory.ts"
import { PastTrades } from "../../src/feeds/PastTrades.ts"
import * as TradeRepair from "../../src/feeds/TradeRepair.ts"
import { eventsOf, IntakeModel, standingGaps } from "./intakeModel.ts"

const feed = Feed.make("binance", "btcusdt", "trade")

const trade = (id: number, micros: number): TradeEvent => ({
  dataType: "trade",
  symbol: "btcusdt",
  sequenceId: String(id),
  timestampCollector: micros,
  timestampExchange: micros,
  data: Buffer.from(String(id)),
  position: { first: id, last: id, previous: null },
  tradeId: String(id),
  price: 1,
  size: 1,
  side: "buy"
})

const page = (ids: ReadonlyArray<number>, complete: boolean, next: string | null = null): HistoryAnswer => ({
  _tag: "Page",
  trades: ids.map((id) => ({ ...trade(id, 5), origin: "repair" as const })),
  next,
  complete
})

/** A feed that misses the trades 3 to 5, and a venue that answers as it is told. */
const missing = Effect.fnUntraced(function*(
  answers: (request: number) => HistoryAnswer,
  horizonMillis: number | null = null,
  rule: ContinuityRule = "consecutive"
) {
  const asked: Array<string> = []
  const lines: Array<string> = []
  const pauses: Array<number> = []
  let requests = 0
  let room = true
  let isAsked = true
  const model = new IntakeModel(feed, rule)
  const history: TradeHistory = {
    limit: { count: 1, perMillis: 1 },
    horizonMillis,
    first: ({ afterId, beforeId }) => {
      asked.push(`${afterId} to ${beforeId}`)
      return "http://venue/"
    },
    read: () => answers(requests)
  }
  const repair = TradeRepair.make({
    feed,
    stats: model.stats,
    history: () => isAsked ? history : null,
    hasRoom: () => room
  })
  const past = PastTrades.of({
    ask: () =>
      Effect.sync(() => {
        requests++
        return { status: 200, headers: {}, body: Buffer.alloc(0), receivedAtMicros: 0 }
      }),
    pause: (_venue, millis) =>
      Effect.sync(() => {
        pauses.push(millis)
        return true
      })
  })
  const logger = Logger.layer([
    Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
  ])
  const connection = model.connect()
  const { now } = model
  yield* TestClock.setTime(now / 1000)
  connection.receive([1, 2].map((id) => trade(id, now)), null, 0)
  connection.leave("disconnected")
  model.connect().receive([trade(6, now + 1)], null, 0)
  yield* repair.run(model.intake).pipe(
    Effect.provideService(PastTrades, past),
    Effect.provide(Layer.merge(logger, Layer.succeed(References.MinimumLogLevel, "Info"))),
    Effect.forkChild
  )
  const gaps = () => {
    model.drain()
    return standingGaps(model.rows).map(({ missing, recovered, status }) => ({ missing, recovered, status }))
  }
  const ids = () => eventsOf(model.rows).map(({ sequenceId }) => sequenceId).join(" ")
  return {
    asked,
    gaps,
    ids,
    lines,
    pauses,
    requests: () => requests,
    wake: repair.wake,
    forget: () => {
      isAsked = false
    },
    close: () => {
      room = false
    },
    open: () => {
      room = true
    }
  }
})

describe("the fetching of missed trades", () => {
  it.effect("waits for late ones, and then fills the gap", () =>
    Effect.gen(function*() {
      const made = yield* missing(() => page([2, 3, 4, 5, 6], true))
      yield* TestClock.adjust("1999 millis")
      assert.strictEqual(made.requests(), 0)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(made.requests(), 1)
      assert.deepStrictEqual(made.gaps(), [{ missing: 0, recovered: 3, status: "repaired" }])
      assert.strictEqual(made.ids(), "1 2 6 3 4 5")
      assert.deepStrictEqual(made.lines, ["Info 3 missed trades fetched: nothing is missing any more between 2 and 6"])
      yield* TestClock.adjust("2 hours")
      assert.strictEqual(made.requests(), 1)
    }))

  it.effect("does not believe a venue that says that nothing is missing", () =>
    Effect.gen(function*() {
      const made = yield* missing(() => page([3], true))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(made.gaps(), [{ missing: 2, recovered: 1, status: "missing" }])
    }))

  it.effect("tries again after longer and longer pauses, and gives up with a warning", () =>
    Effect.gen(function*() {
      const made = yield* missing(() => ({ _tag: "Refused", reason: "no such thing" }))
      yield* TestClock.adjust("2 seconds")
      for (const [index, seconds] of [5, 30, 120, 600, 3600].entries()) {
        assert.strictEqual(made.requests(), index + 1)
        yield* TestClock.adjust(seconds * 1000 - 1)
        assert.strictEqual(made.requests(), index + 1)
        assert.deepStrictEqual(made.lines, [])
        yield* TestClock.adjust(1)
      }
      assert.strictEqual(made.requests(), 6)
      assert.deepStrictEqual(made.lines, [
        "Warn trades stay missing between 2 and 6: no such thing. The gap is in the files of type gap"
      ])
      assert.deepStrictEqual(made.gaps(), [{ missing: 3, recovered: 0, status: "missing" }])
      made.wake()
      yield* TestClock.adjust("1 days")
      assert.strictEqual(made.requests(), 6)
    }))

  it.effect("asks a busy venue again after the pause that it wants, without counting it as an attempt", () =>
    Effect.gen(function*() {
      const busy: HistoryAnswer = { _tag: "Busy", pauseMillis: 1234 }
      const made = yield* missing((request) => request <= 20 ? busy : page([3, 4, 5], true))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(made.pauses, Array.from({ length: 20 }, () => 1234))
      assert.deepStrictEqual(made.gaps(), [{ missing: 0, recovered: 3, status: "repaired" }])
    }))

  it.effect("asks no more within an attempt where a venue is busy for ever, and says that it pauses", () =>
    Effect.gen(function*() {
      const made = yield* missing(() => ({ _tag: "Busy", pauseMillis: 10_000 }))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(made.requests(), 30)
      assert.strictEqual(made.lines[0], "Warn binance is not asked for missed trades for 10 s, as it wants")
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(made.requests(), 60)
      yield* TestClock.adjust("2 hours")
      assert.strictEqual(made.requests(), 180)
      assert.match(made.lines.at(-1) ?? "", /trades stay missing between 2 and 6: .* 30 times in a row/)
    }))

  it.effect("asks nobody any more who is not to be asked", () =>
    Effect.gen(function*() {
      const made = yield* missing((request) => {
        if (request === 3) made.forget()
        return { _tag: "Busy", pauseMillis: 1000 }
      })
      yield* TestClock.adjust("1 days")
      assert.strictEqual(made.requests(), 3)
    }))

  it.effect("waits for room behind live events", () =>
    Effect.gen(function*() {
      const made = yield* missing(() => {
        made.close()
        return page([3, 4, 5], true)
      })
      made.close()
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(made.requests(), 0)
      made.open()
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(made.requests(), 1)
      assert.deepStrictEqual(made.gaps(), [{ missing: 3, recovered: 0, status: "missing" }])
      made.open()
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual(made.gaps(), [{ missing: 0, recovered: 3, status: "repaired" }])
    }))

  it.effect("goes on where the last attempt ended, also where ids do not follow each other", () =>
    Effect.gen(function*() {
      const answers: ReadonlyArray<HistoryAnswer> = [
        page([4, 5, 6], false, "http://venue/older"),
        { _tag: "Refused", reason: "no such thing" },
        page([1, 2, 3, 4], true)
      ]
      const made = yield* missing((request) => answers[request - 1] ?? assert.fail("asked again"), null, "none")
      yield* TestClock.adjust("7 seconds")
      assert.deepStrictEqual(made.asked, ["1 to 6", "1 to 4"])
      assert.deepStrictEqual(made.gaps(), [{ missing: 0, recovered: 3, status: "repaired" }])
      assert.strictEqual(made.ids(), "1 2 6 4 5 3")
    }))

  it.effect("does not ask for what the venue has forgotten", () =>
    Effect.gen(function*() {
      const made = yield* missing(() => page([3, 4, 5], true), 500)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(made.requests(), 0)
      assert.deepStrictEqual(made.lines, [
        "Warn trades stay missing between 2 and 6: the venue remembers no trades that old. The gap is in the files of type gap"
      ])
    }))
})
