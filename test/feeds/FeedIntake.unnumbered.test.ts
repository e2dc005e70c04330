import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { TradeEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import type { GapCause } from "../../src/domain/Gap.ts"
import type { ConnectionIntake } from "../../src/feeds/ConnectionIntake.ts"
import { eventsOf, IntakeModel, standingGaps } from "./intakeModel.ts"

const feed = Feed.make("upbit", "KRW-BTC", "trade")

const trade = (id: number, micros: number): TradeEvent => ({
  dataType: "trade",
  symbol: "KRW-BTC",
  sequenceId: `t${id}`,
  timestampCollector: micros,
  timestampExchange: micros,
  data: Buffer.from(String(id)),
  position: null,
  tradeId: `t${id}`,
  price: 1,
  size: 1,
  side: "buy"
})

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** What happens next to a feed whose trades have no numbers that follow each other. */
const Step = Schema.Union([
  Schema.Struct({ tag: Schema.Literal("frame"), arrive: int(1, 5), again: int(0, 3) }),
  Schema.Struct({ tag: Schema.Literal("reconnect"), missed: int(0, 3), again: int(0, 3) }),
  /** Another connection joins; the old one brings what it brings so many trades later, and ends. */
  Schema.Struct({ tag: Schema.Literal("handover"), both: int(0, 4), lag: int(0, 3) }),
  /** A second path joins, and each loses other trades, or the same. */
  Schema.Struct({ tag: Schema.Literal("beside"), brings: Schema.Array(Schema.Literals(["first", "second", "both"])) }),
  /** A second path falls silent without a word while the first one reconnects. */
  Schema.Struct({ tag: Schema.Literal("silentPath"), missed: int(0, 3), thenHeard: Schema.Boolean }),
  Schema.Struct({
    tag: Schema.Literal("overflow"),
    frames: int(1, 3),
    each: int(1, 3),
    again: int(0, 4),
    againWithRoom: int(0, 4)
  }),
  Schema.Struct({ tag: Schema.Literal("stop"), missed: int(0, 3), again: int(0, 3), closing: int(0, 2) }),
  Schema.Struct({ tag: Schema.Literal("crash"), rows: int(0, 6), missed: int(0, 3), again: int(0, 3) }),
  /** A frame cannot be read, with so many trades in it, beside others that can. */
  Schema.Struct({ tag: Schema.Literal("unreadable"), unread: int(0, 2), read: int(0, 2), again: int(0, 2) }),
  Schema.Struct({ tag: Schema.Literal("wait"), seconds: int(1, 30) })
])
type Step = typeof Step.Type
const Steps = Arbitrary.array(Arbitrary.schema(Step), { maxLength: 40 })

/** Plays the steps; answers the model, when each trade was sent, which were dropped for good, and what may be a gap's cause. */
const play = (steps: ReadonlyArray<Step>) => {
  const model = new IntakeModel(feed, "none", 4)
  const sentAt = new Map<number, number>()
  const causes = new Set<GapCause>()
  const dropped = new Set<number>()
  const rowsNow = () => new Set(eventsOf(model.rows).map(({ sequenceId }) => sequenceId))
  let newest = 0
  let connection: ConnectionIntake = model.connect()
  const tick = () => {
    model.now += 1000
  }
  const next = (count: number) =>
    Array.from({ length: count }, () => {
      sentAt.set(++newest, model.now)
      return newest
    })
  const miss = (count: number) => {
    for (let i = 0; i < count; i++) {
      tick()
      next(1)
    }
  }
  const bring = (ids: ReadonlyArray<number>, over = connection) => {
    if (ids.length > 0) over.receive(ids.map((id) => trade(id, model.now)), null, model.now / 1000)
  }
  const send = (count: number, over = connection) => {
    tick()
    bring(next(count), over)
  }
  const latest = (count: number) => Array.from({ length: Math.min(count, newest) }, (_, i) => newest - i).toReversed()
  const again = (count: number) => {
    tick()
    bring(latest(count))
  }

  send(1)
  model.drain()
  for (const step of steps) {
    switch (step.tag) {
      case "frame":
        send(step.arrive)
        again(step.again)
        break
      case "reconnect":
        causes.add("disconnected")
        connection.leave("disconnected")
        miss(step.missed)
        connection = model.connect()
        again(step.again)
        break
      case "handover": {
        const old = connection
        connection = model.connect()
        const late: Array<number> = []
        for (let i = 0; i < step.both; i++) {
          tick()
          const ids = next(1)
          bring(ids)
          late.push(...ids)
          if (late.length > step.lag) bring([late.shift()!], old)
          model.drain()
        }
        bring(late, old)
        if (step.both === 0) connection.counts()
        old.leave(null)
        break
      }
      case "beside": {
        const second = model.connect()
        for (const by of step.brings) {
          tick()
          const ids = next(1)
          if (by !== "second") bring(ids)
          if (by !== "first") bring(ids, second)
          model.drain()
        }
        causes.add("disconnected")
        second.leave("disconnected")
        break
      }
      case "silentPath": {
        const second = model.connect()
        second.counts()
        tick()
        connection.leave("disconnected")
        causes.add("disconnected")
        // A path that is heard of again has delivered all there was.
        if (step.thenHeard) {
          for (let i = 0; i < step.missed; i++) {
            send(1, second)
            // What is said of gaps takes room as well.
            model.drain()
          }
        } else miss(step.missed)
        model.drain()
        connection = model.connect()
        send(1)
        if (step.thenHeard) send(1, second)
        causes.add("stale")
        second.leave("stale")
        break
      }
      case "overflow": {
        causes.add("queue_overflow")
        send(4)
        for (let frame = 0; frame < step.frames; frame++) send(step.each)
        again(step.again)
        model.drain()
        again(step.againWithRoom)
        break
      }
      case "stop":
        tick()
        causes.add("recorder_stopped")
        model.intake.stopping(0)
        for (let i = 0; i < step.closing; i++) send(1)
        model.intake.stopped()
        model.drain()
        miss(step.missed)
        model.restart()
        connection = model.connect()
        again(step.again)
        break
      case "crash":
        causes.add("recorder_crashed")
        model.drain()
        model.lose(step.rows)
        miss(step.missed)
        model.restart()
        connection = model.connect()
        again(step.again)
        break
      case "unreadable":
        causes.add("parse_errors")
        tick()
        next(step.unread)
        connection.unreadable()
        bring(next(step.read))
        again(step.again)
        break
      case "wait":
        model.now += step.seconds * 1_000_000
        model.intake.tick()
    }
    model.drain()
    if (step.tag === "overflow") {
      const rows = rowsNow()
      for (let id = 1; id <= newest; id++) if (!rows.has(`t${id}`)) dropped.add(id)
    }
  }
  send(1)
  model.drain()
  return { model, sentAt, causes, newest }
}

describe("the intake of trades whose ids do not follow each other", () => {
  it.prop(
    "has each trade in a row exactly once, or it came while a gap says that something may be missing",
    [Steps],
    ([steps]) => {
      const { causes, model, sentAt } = play(steps)
      assert.deepStrictEqual(model.untold, [])
      const rows = new Map<string, number>()
      for (const { sequenceId } of eventsOf(model.rows)) rows.set(sequenceId, (rows.get(sequenceId) ?? 0) + 1)
      const gaps = standingGaps(model.rows)
      const missing = gaps.filter(({ status }) => status === "missing" || status === "open")
      for (const gap of gaps) {
        assert.isTrue(causes.has(gap.cause), `a gap for ${gap.cause}`)
        assert.notStrictEqual(gap.status, "open")
        assert.isAtLeast(gap.closedMicros ?? 0, gap.openedMicros)
      }
      for (const [id, at] of sentAt) {
        const count = rows.get(`t${id}`) ?? 0
        const told = missing.some(({ closedMicros, openedMicros }) => openedMicros <= at && at <= (closedMicros ?? at))
        assert.isAtMost(count, 1, `trade ${id} is doubled`)
        assert.isTrue(count === 1 || told, `trade ${id} is missing, and nothing says so`)
      }
    },
    { arbitrary: { runs: 2000 } }
  )

  it.prop(
    "tells how many found no room",
    [Steps],
    ([steps]) => {
      const only = steps.filter(({ tag }) => tag === "overflow" || tag === "frame" || tag === "handover")
      const { model, newest } = play(only)
      const rows = new Set(eventsOf(model.rows).map(({ sequenceId }) => sequenceId))
      let told = 0
      for (const { cause, missing } of standingGaps(model.rows)) {
        assert.strictEqual(cause, "queue_overflow")
        told += missing ?? Number.NaN
      }
      assert.strictEqual(told, newest - rows.size)
    },
    { arbitrary: { runs: 2000 } }
  )
})
