import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { BookEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import type { ConnectionIntake } from "../../src/feeds/ConnectionIntake.ts"
import { eventsOf, IntakeModel, standingGaps } from "./intakeModel.ts"

const feed = Feed.make("bybit", "BTCUSDT", "orderbook")

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** What happens next; connections are taken by their place among the open ones. */
const Step = Schema.Union([
  /** The book changes; nobody has heard of it yet. */
  Schema.Struct({ tag: Schema.Literal("change"), changes: int(1, 4) }),
  /** A connection brings some of what it has not brought yet, and may lose the next change before. */
  Schema.Struct({ tag: Schema.Literal("bring"), which: int(0, 3), changes: int(1, 6), loses: int(0, 1) }),
  Schema.Struct({ tag: Schema.Literal("join") }),
  Schema.Struct({ tag: Schema.Literal("end"), which: int(0, 3) }),
  /** The newest connection takes the place of the oldest one, if it may. */
  Schema.Struct({ tag: Schema.Literal("handover") }),
  Schema.Struct({ tag: Schema.Literal("wait"), millis: int(1, 3000) })
])
const Steps = Arbitrary.array(Arbitrary.schema(Step), { maxLength: 60 })

interface Line {
  readonly intake: ConnectionIntake
  /** The newest change that it has brought. */
  at: number
  /** Its complete book has been brought. */
  begun: boolean
}

/** Plays the steps against a venue whose book has the changes 1, 2, 3 and so on, numbered by one or by ids that jump. */
const play = (rule: "stepping" | "linked", steps: ReadonlyArray<typeof Step.Type>) => {
  const model = new IntakeModel(feed, rule)
  const idOf = (change: number) => rule === "stepping" ? change : change * 10
  const lines: Array<Line> = []
  let newest = 1
  const event = (change: number, isSnapshot: boolean): BookEvent => {
    const id = idOf(change)
    return {
      dataType: "orderbook",
      symbol: "BTCUSDT",
      sequenceId: String(id),
      timestampCollector: model.now,
      timestampExchange: change * 1000,
      data: Buffer.from(String(change)),
      position: { first: id, last: id, previous: rule === "stepping" ? null : isSnapshot ? -1 : idOf(change - 1) },
      isSnapshot
    }
  }
  const send = (line: Line, change: number, isSnapshot: boolean) => {
    model.now += 1
    line.intake.receive([event(change, isSnapshot)], null, model.now / 1000)
    model.drain()
  }
  const bring = (line: Line, changes: number) => {
    if (!line.begun) {
      line.begun = true
      send(line, line.at, true)
    }
    for (let count = 0; count < changes && line.at < newest; count++) send(line, ++line.at, false)
  }
  const join = () => {
    const line: Line = { intake: model.connect(), at: newest, begun: false }
    lines.push(line)
    return line
  }
  bring(join(), 0)
  for (const step of steps) {
    const line = "which" in step ? lines[step.which % Math.max(1, lines.length)] : undefined
    switch (step.tag) {
      case "change":
        newest += step.changes
        break
      case "bring":
        if (line === undefined) break
        if (line.begun && step.loses > 0 && line.at < newest - 1) line.at++
        bring(line, step.changes)
        break
      case "join":
        if (lines.length < 4) join()
        break
      case "end":
        if (line === undefined) break
        lines.splice(lines.indexOf(line), 1)
        line.intake.leave("disconnected")
        model.drain()
        break
      case "handover": {
        const next = lines.at(-1)
        const old = lines[0]
        if (next === undefined || old === undefined || next === old) break
        if (!next.intake.takesOver(model.now / 1000)) break
        model.drain()
        lines.shift()
        old.intake.leave(null)
        model.drain()
        break
      }
      case "wait":
        model.now += step.millis * 1000
    }
  }
  // A book that is whole ends whatever is open.
  newest++
  for (const line of lines.splice(0)) line.intake.leave("disconnected")
  bring(join(), 0)
  model.drain()
  return model
}

describe("the intake of books of several connections", () => {
  for (const rule of ["stepping", "linked"] as const) {
    it.prop(
      `${rule}: a reader can replay it, but for what gaps tell, and no gap is told where nothing is missing`,
      [Steps],
      ([steps]) => {
        const model = play(rule, steps)
        const gaps = standingGaps(model.rows).filter(({ status }) => status !== "dismissed")
        const step = rule === "stepping" ? 1 : 10
        let last: number | null = null
        let whole = false
        let before = 0
        const breaks: Array<{ readonly from: number; readonly to: number }> = []
        for (const row of eventsOf(model.rows)) {
          const id = Number(row.sequenceId)
          const isSnapshot = row.dataType === "orderbook" && row.isSnapshot
          const follows = whole && last !== null && id === last + step
          if (!isSnapshot && !follows) {
            const told = gaps.some(({ closedMicros, openedMicros }) =>
              openedMicros <= row.timestampCollector &&
              (closedMicros === null || row.timestampCollector <= closedMicros)
            )
            assert.isTrue(told, `${id} after ${last}`)
            whole = false
          }
          // A complete book begins anew: what may have been between, nobody says.
          if (!follows || isSnapshot) breaks.push({ from: before, to: row.timestampCollector })
          if (isSnapshot) whole = true
          last = id
          before = row.timestampCollector
        }
        for (const gap of gaps) {
          assert.notStrictEqual(gap.status, "open")
          const meets = breaks.some(({ from, to }) => from <= (gap.closedMicros ?? 0) && to >= gap.openedMicros)
          assert.isTrue(meets, JSON.stringify(gap))
        }
      },
      { arbitrary: { runs: 3000 } }
    )
  }
})
