import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { TradeEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import type { ConnectionIntake } from "../../src/feeds/ConnectionIntake.ts"
import { eventsOf, IntakeModel, standingGaps } from "./intakeModel.ts"

const feed = Feed.make("binance", "btcusdt", "trade")

const trade = (id: number, micros: number, exchangeMicros: number, counted: boolean): TradeEvent => ({
  dataType: "trade",
  symbol: "btcusdt",
  sequenceId: String(id),
  timestampCollector: micros,
  timestampExchange: exchangeMicros,
  data: Buffer.from(String(id)),
  position: counted ? { first: id, last: id, previous: null } : null,
  tradeId: String(id),
  price: 1,
  size: 1,
  side: "buy"
})

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** What happens next to a feed; numbers are of trades. */
const Step = Schema.Union([
  /** Trades arrive as one frame; of those, some are lost before, some arrive again, the last one arrives late. */
  Schema.Struct({
    tag: Schema.Literal("frame"),
    lost: int(0, 2),
    arrive: int(1, 5),
    again: int(0, 2),
    late: Schema.Boolean
  }),
  /** The connection ends, trades are missed, and the next one repeats some of the old. */
  Schema.Struct({ tag: Schema.Literal("reconnect"), missed: int(0, 3), again: int(0, 3) }),
  /** Another connection takes its place, and both bring the same trades for a while. */
  Schema.Struct({ tag: Schema.Literal("handover"), both: int(0, 4) }),
  /** Trades arrive while the queue is full. */
  Schema.Struct({ tag: Schema.Literal("overflow"), frames: int(1, 3), each: int(1, 3) }),
  /** The recorder stops, trades are missed, and it starts again. */
  Schema.Struct({ tag: Schema.Literal("stop"), missed: int(0, 3), again: int(0, 3) }),
  /** The recorder is killed: the newest rows are lost, and trades are missed. */
  Schema.Struct({ tag: Schema.Literal("crash"), rows: int(0, 6), missed: int(0, 3), again: int(0, 3) }),
  /** Some of what is missing is fetched. */
  Schema.Struct({ tag: Schema.Literal("repair"), from: int(0, 20), count: int(1, 8) }),
  /** Time passes. */
  Schema.Struct({ tag: Schema.Literal("wait"), seconds: int(1, 30) }),
  Schema.Struct({ tag: Schema.Literal("unreadable") })
])
const Steps = Arbitrary.array(Arbitrary.schema(Step), { maxLength: 40 })

/** Plays the steps against a venue that numbers its trades from 1000 on; answers the model, and the newest trade sent. */
const play = (steps: ReadonlyArray<typeof Step.Type>, counted = true) => {
  const model = new IntakeModel(feed, counted ? "consecutive" : "none", 4)
  let newest = 1000
  let connection: ConnectionIntake = model.connect()
  const happened = new Map<number, number>()
  const at = (id: number) => {
    const exchangeMicros = happened.get(id) ?? model.now
    happened.set(id, exchangeMicros)
    return trade(id, model.now, exchangeMicros, counted)
  }
  const miss = (count: number) => {
    for (const id of next(count)) happened.set(id, model.now)
  }
  const send = (ids: ReadonlyArray<number>, over = connection) => {
    model.now += 1000
    over.receive(ids.map(at), null, model.now / 1000)
  }
  const next = (count: number) => Array.from({ length: count }, () => ++newest)
  const before = (count: number) =>
    Array.from({ length: Math.min(count, newest - 1000) }, (_, i) => newest - i).toReversed()
  const again = (count: number) => {
    const repeated = before(count)
    if (repeated.length > 0) send(repeated)
  }

  send(next(1))
  model.drain()
  for (const step of steps) {
    switch (step.tag) {
      case "frame": {
        miss(step.lost)
        const ids = next(step.arrive)
        const late = step.late && ids.length > 1 ? ids.pop() : undefined
        if (late === undefined) send(ids)
        else {
          send([...ids.slice(0, -1), late])
          model.drain()
          send(ids.slice(-1))
        }
        again(step.again)
        break
      }
      case "reconnect":
        connection.leave("disconnected")
        miss(step.missed)
        connection = model.connect()
        again(step.again)
        break
      case "handover": {
        const old = connection
        connection = model.connect()
        for (const id of next(step.both)) {
          send([id], old)
          model.drain()
          send([id])
        }
        old.leave(null)
        break
      }
      case "overflow":
        send(next(4))
        for (let frame = 0; frame < step.frames; frame++) send(next(step.each))
        break
      case "stop":
        model.now += 1000
        model.intake.stopping(0)
        model.intake.stopped()
        model.drain()
        miss(step.missed)
        model.restart()
        connection = model.connect()
        again(step.again)
        break
      case "crash":
        model.drain()
        model.lose(step.rows)
        miss(step.missed)
        model.restart()
        connection = model.connect()
        again(step.again)
        break
      case "repair":
        model.intake.fetched.take(
          Array.from({ length: step.count }, (_, i) => 1000 + step.from + i).filter((id) => id <= newest).map(at),
          { gap: standingGaps(model.rows)[0]!, afterId: "0", beforeId: "9999" }
        )
        break
      case "wait":
        model.now += step.seconds * 1_000_000
        model.intake.tick()
        break
      case "unreadable":
        connection.unreadable()
    }
    model.drain()
  }
  send(next(1))
  model.drain()
  return { model, newest }
}

describe("the intake of trades whose ids follow each other", () => {
  it.prop(
    "has each trade in a row exactly once, or in exactly one gap of the right size",
    [Steps],
    ([steps]) => {
      const { model, newest } = play(steps)
      assert.deepStrictEqual(model.untold, [])
      const seen = new Map<number, number>()
      for (const { sequenceId } of eventsOf(model.rows)) {
        seen.set(Number(sequenceId), (seen.get(Number(sequenceId)) ?? 0) + 1)
      }
      let missing = 0
      for (const gap of standingGaps(model.rows)) {
        assert.notStrictEqual(gap.status, "open")
        if (gap.status !== "missing") continue
        const [first, last] = [Number(gap.firstMissingId), Number(gap.lastMissingId)]
        assert.strictEqual(gap.missing, last - first + 1)
        missing += last - first + 1
        for (let id = first; id <= last; id++) seen.set(id, (seen.get(id) ?? 0) + 1)
      }
      for (let id = 1001; id <= newest; id++) assert.strictEqual(seen.get(id), 1, `trade ${id}`)
      assert.strictEqual(seen.size, newest - 1000)
      const complete = model.stats.completeness.at(model.now + 1000)
      assert.deepInclude(complete, { missing, gapsOpen: 0 })
      assert.strictEqual(complete.ratio === 1, missing === 0)
    },
    { arbitrary: { runs: 2000 } }
  )

  it("has no second row of a trade that a new connection brings again after it was fetched, though it is the newest", () => {
    const { model } = play([
      { tag: "overflow", frames: 1, each: 1 },
      { tag: "stop", missed: 0, again: 0 },
      { tag: "repair", from: 0, count: 7 },
      { tag: "reconnect", missed: 0, again: 1 }
    ])
    const ids = eventsOf(model.rows).map(({ sequenceId }) => sequenceId)
    assert.deepStrictEqual(ids, ["1001", "1002", "1003", "1004", "1005", "1006", "1007"])
  })

  it("counts what it passes on, less what is lost of it, beside what is missing", () => {
    const model = new IntakeModel(feed, "consecutive", 100)
    const connection = model.connect()
    const tradesOf = (first: number, last: number) =>
      Array.from({ length: last - first + 1 }, (_, i) => trade(first + i, model.now, model.now, true))
    const complete = () => model.stats.completeness.at(model.now).ratio ?? NaN
    model.now += 60_000_000
    connection.receive(tradesOf(1001, 1080), null, 0)
    assert.strictEqual(complete(), 1)
    connection.receive(tradesOf(1091, 1100), null, 0)
    assert.closeTo(complete(), 0.9, 1e-9)
    const lost = { firstReceivedMicros: model.now, lastReceivedMicros: model.now, events: null }
    model.intake.lost({ ...lost, rows: 10, firstId: "1071", lastId: "1080" }, false)
    assert.closeTo(complete(), 0.8, 1e-9)
    model.intake.fetched.take(tradesOf(1075, 1090), model.intake.fetched.gaps()[0]!)
    assert.closeTo(complete(), 0.96, 1e-9)
    model.drain()
    connection.receive(tradesOf(1101, 1200), null, 0)
    // There is no room for these.
    connection.receive(tradesOf(1201, 1300), null, 0)
    model.drain()
    connection.receive(tradesOf(1301, 1301), null, 0)
    assert.closeTo(complete(), 197 / 301, 1e-9)
  })

  it("tells of each gap that it numbers, also of those that a disk makes longer", () => {
    const model = new IntakeModel(feed, "consecutive", 100)
    const connection = model.connect()
    const receivedMicros = { firstReceivedMicros: model.now, lastReceivedMicros: model.now, events: null }
    const lose = (id: number) =>
      model.intake.lost({ ...receivedMicros, rows: 1, firstId: `${id}`, lastId: `${id}` }, false)
    connection.receive(Array.from({ length: 20 }, (_, id) => trade(1001 + id, model.now, model.now, true)), null, 0)
    assert.strictEqual(model.stats.newestGap, null)
    for (const id of [1003, 1004, 1005, 1010, 1011]) lose(id)
    connection.receive([trade(1031, model.now, model.now, true)], null, 0)
    model.drain()
    const gaps = standingGaps(model.rows).map(({ id, firstMissingId, missing }) => [
      id.split("-")[2],
      firstMissingId,
      missing
    ])
    assert.deepStrictEqual(gaps, [["1", "1003", 3], ["2", "1010", 2], ["3", "1021", 10]])
    assert.deepStrictEqual([model.stats.newestGap?.split("-")[2], model.untold], ["3", []])
  })

  it("takes trades that found no room when they are fetched, though no other has come since", () => {
    const model = new IntakeModel(feed, "consecutive", 2)
    const connection = model.connect()
    const send = (...ids: ReadonlyArray<number>) => connection.receive(ids.map((id) => trade(id, 1, 1, true)), null, 0)
    send(1, 2)
    send(3, 4)
    assert.deepStrictEqual(model.intake.fetched.gaps(), [])
    model.drain()
    const wanted = model.intake.fetched.gaps()[0] ?? assert.fail("nothing to fetch")
    assert.deepInclude(wanted, { afterId: "2", beforeId: "5" })
    assert.strictEqual(model.stats.sequence.missing, 2)
    assert.strictEqual(model.intake.fetched.take([1, 2, 3, 4, 5].map((id) => trade(id, 1, 1, true)), wanted), 2)
    assert.strictEqual(model.stats.sequence.missing, 0)
    model.drain()
    send(5)
    model.drain()
    assert.deepStrictEqual(eventsOf(model.rows).map(({ sequenceId }) => sequenceId), ["1", "2", "3", "4", "5"])
  })

  it("says of a stop that events may be missing since anything was heard last, for the connection may have been dead", () => {
    const model = new IntakeModel(feed, "consecutive")
    model.connect().receive([trade(1, model.now, model.now, true)], null, 0)
    model.now += 60_000_000
    const heard = model.now - 20_000_000
    model.intake.stopping(20_000)
    model.now += 1_000_000
    model.intake.stopped()
    model.drain()
    assert.deepStrictEqual(
      standingGaps(model.rows).map(({ cause, openedMicros, status }) => ({ cause, openedMicros, status })),
      [{ cause: "recorder_stopped", openedMicros: heard, status: "open" }]
    )
  })
})
