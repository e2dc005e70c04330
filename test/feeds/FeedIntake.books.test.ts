import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { ContinuityRule } from "../../src/domain/ContinuityRule.ts"
import { BookVenue, truthOf } from "./bookVenue.ts"
import { eventsOf, standingGaps } from "./intakeModel.ts"

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const path = int(0, 2)

const send = Schema.Struct({ tag: Schema.Literal("send"), changes: int(1, 5) })
const lag = Schema.Struct({ tag: Schema.Literal("lag"), path, changes: int(0, 4) })
/** Another path joins, the old one lags behind it by so many changes, and ends as soon as it may. */
const handover = Schema.Struct({ tag: Schema.Literal("handover"), path, lag: int(0, 3), behind: int(0, 3) })

/** What happens next to a feed of books. */
const Step = Schema.Union([
  send,
  lag,
  handover,
  Schema.Struct({ tag: Schema.Literal("lose"), paths: Schema.Array(path), messages: int(1, 2) }),
  Schema.Struct({ tag: Schema.Literal("repeat"), path }),
  Schema.Struct({ tag: Schema.Literal("reset") }),
  Schema.Struct({ tag: Schema.Literal("die"), path }),
  Schema.Struct({ tag: Schema.Literal("join"), path }),
  Schema.Struct({ tag: Schema.Literal("overflow"), changes: int(5, 8) }),
  Schema.Struct({ tag: Schema.Literal("mayAsk"), so: Schema.Boolean }),
  Schema.Struct({ tag: Schema.Literal("stop"), missed: int(0, 3) }),
  Schema.Struct({ tag: Schema.Literal("crash"), rows: int(0, 6), missed: int(0, 3) }),
  Schema.Struct({ tag: Schema.Literal("tick"), seconds: int(1, 20) })
])
type Step = typeof Step.Type
const Steps = Arbitrary.array(Arbitrary.schema(Step), { maxLength: 40 })
const Handovers = Arbitrary.array(Arbitrary.schema(Schema.Union([send, handover])), { maxLength: 20 })

const play = (venue: BookVenue, steps: ReadonlyArray<Step>) => {
  const pathOf = (index: number) => venue.paths[index % venue.paths.length]!
  const joinAll = () => venue.paths.forEach((each) => venue.join(each))
  for (const step of steps) {
    switch (step.tag) {
      case "send":
        for (let i = 0; i < step.changes; i++) venue.change()
        break
      case "lag":
        pathOf(step.path).lag = step.changes
        break
      case "lose":
        for (const index of new Set(step.paths)) pathOf(index).loseNext = step.messages
        break
      case "repeat":
        venue.repeat(pathOf(step.path))
        break
      case "reset":
        // Of two new counts in a row, nobody could tell the second one from the first.
        if (venue.rule === "linked" || (venue.rule === "stepping" && venue.changes.at(-1)!.id >= 1000)) {
          venue.change(true)
        }
        break
      case "die":
        venue.leave(pathOf(step.path), "disconnected")
        break
      case "join":
        venue.join(pathOf(step.path))
        break
      case "handover": {
        const old = pathOf(step.path).intake === null ? pathOf(step.path + 1) : pathOf(step.path)
        const next = venue.paths.find(({ intake }) => intake === null)
        if (old.intake === null || next === undefined) break
        old.lag = step.behind
        next.lag = step.lag
        venue.join(next)
        for (let i = 0; i < 10; i++) {
          const takesOver = next.intake?.takesOver(venue.model.now / 1000)
          venue.model.drain()
          if (takesOver === true) {
            venue.leave(old, null)
            break
          }
          venue.change()
        }
        old.lag = next.lag = 0
        venue.deliver(next)
        break
      }
      case "overflow":
        venue.whileFull(() => {
          for (let i = 0; i < step.changes; i++) venue.change()
        })
        break
      case "mayAsk":
        venue.mayAsk = step.so
        break
      case "stop":
        venue.model.intake.stopping(0)
        venue.change()
        venue.model.intake.stopped()
        venue.model.drain()
        venue.restart()
        for (let i = 0; i < step.missed; i++) venue.change()
        joinAll()
        break
      case "crash":
        venue.model.drain()
        venue.model.lose(step.rows)
        venue.restart()
        for (let i = 0; i < step.missed; i++) venue.change()
        joinAll()
        break
      case "tick":
        venue.wait(step.seconds)
        venue.model.intake.tick()
    }
    venue.model.drain()
  }
  if (steps.every(({ tag }) => tag === "send" || tag === "handover")) return
  venue.mayAsk = true
  for (const each of venue.paths) each.lag = each.loseNext = 0
  joinAll()
  for (let i = 0; i < 3; i++) venue.change()
  venue.model.drain()
}

/** Replays the rows; where a change lacks its predecessor, or a book stands for more than one, a gap must say so. */
const verify = ({ changes, model, outages, rule }: BookVenue) => {
  assert.deepStrictEqual(model.untold, [])
  const rows = eventsOf(model.rows)
  const gaps = standingGaps(model.rows).filter(({ status }) => status !== "dismissed")
  const overlapping = rule === "connection"
  let have = -1
  let broken = false
  let before = 0
  let applied = new Set<number>()
  const breaks: Array<{ readonly from: number; readonly to: number }> = []
  const spans = gaps.map(({ closedMicros, openedMicros }) => ({ from: openedMicros, to: closedMicros ?? Infinity }))
  const told = (from: number, to: number) => {
    let until = from
    for (const span of spans.toSorted((a, b) => a.from - b.from)) {
      if (span.from <= until) until = Math.max(until, span.to)
    }
    return spans.some((span) => span.from <= from && from <= span.to) && until >= to
  }
  for (const row of rows) {
    const { index, isSnapshot } = truthOf(row)
    const at = row.timestampCollector
    const text = `${isSnapshot ? "book" : "change"} ${index} after ${have}`
    if (isSnapshot) {
      // A complete book does not tell whether it is the very next one.
      if (before > 0 && index > have) breaks.push({ from: before, to: Math.max(before, at) })
      if (before > 0 && index > have + 1) {
        // Nothing shows that a complete book is lost, and the next one makes it good; nor what came before a new count.
        if (rule !== "none" && changes[index]?.reset !== true) {
          assert.isTrue(told(before, at), `${text}, and nothing says so`)
        }
      }
      broken = false
      have = index
      applied = new Set()
    } else {
      if (index !== have + 1 && !(overlapping && index <= have) && !broken) {
        broken = true
        breaks.push({ from: before, to: Math.max(before, at) })
        assert.isTrue(told(before, at), `${text}, and nothing says so`)
      }
      if (broken && index > have) assert.isTrue(told(at, at), `${text}, while the book is broken, and nothing says so`)
      have = Math.max(have, index)
    }
    if (!overlapping && !broken) {
      assert.isFalse(applied.has(index), `${text} is doubled`)
      applied.add(index)
    }
    before = Math.max(before, at)
  }
  for (const gap of gaps) {
    assert.strictEqual(gap.status, "missing")
    const { closedMicros, openedMicros } = gap
    const within = ({ from, to }: { readonly from: number; readonly to: number }) =>
      from <= (closedMicros ?? Infinity) && openedMicros <= to
    assert.isTrue(breaks.some(within) || outages.some(within), `a gap for ${gap.cause} where nothing is missing`)
  }
  assert.strictEqual(have, changes.length - 1)
}

const rules: ReadonlyArray<ContinuityRule> = ["stepping", "linked", "connection", "none"]

for (const rule of rules) {
  for (const paths of [1, 2, 3]) {
    describe(`the intake of books by the rule ${rule} over ${paths} connections`, () => {
      it.prop(
        "records no change without the one before it, unless a gap says so",
        [Steps],
        ([steps]) => {
          const venue = new BookVenue(rule, paths)
          play(venue, steps)
          verify(venue)
        },
        { arbitrary: { runs: 500 } }
      )
      if (paths > 1) {
        it.prop(
          "says of no gap when one connection takes the place of another",
          [Handovers],
          ([steps]) => {
            const venue = new BookVenue(rule, paths, 1)
            play(venue, steps)
            verify(venue)
            assert.deepStrictEqual(standingGaps(venue.model.rows), [])
          },
          { arbitrary: { runs: 200 } }
        )
      }
    })
  }
}
