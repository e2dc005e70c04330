import { assert, describe, it } from "@effect/vitest"
import type { BookEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import * as lostRows from "../../src/sinks/lostRows.ts"
import { IntakeModel, standingGaps } from "./intakeModel.ts"

const stepMicros = 1_000_000

/** A book numbered by steps, one message a second, and what became of each: `book(3, true)` is the third, a complete one. */
const market = () => {
  const model = new IntakeModel(Feed.make("bybit", "BTCUSDT", "orderbook"), "stepping")
  const connection = model.connect()
  const begun = model.now
  const receivedAt = (id: number) => begun + id * stepMicros
  const event = (id: number, isSnapshot: boolean): BookEvent => ({
    dataType: "orderbook",
    symbol: "BTCUSDT",
    sequenceId: String(id),
    timestampCollector: receivedAt(id),
    timestampExchange: null,
    data: Buffer.from("{}"),
    position: { first: id, last: id, previous: null },
    isSnapshot
  })
  const receive = (id: number, isSnapshot: boolean) => {
    model.now = receivedAt(id)
    connection.receive([event(id, isSnapshot)], null, model.now / 1000)
    model.drain()
  }
  return {
    model,
    receivedAt,
    keep: receive,
    lose: (id: number, isSnapshot: boolean, goesOn: boolean) => {
      receive(id, isSnapshot)
      model.rows = model.rows.filter((row) => row.dataType === "gap" || row.sequenceId !== String(id))
      model.intake.lost(lostRows.ofRows([event(id, isSnapshot)]), goesOn)
      model.drain()
    },
    said: () =>
      model.rows.map((row) => row.dataType === "gap" ? `${row.gap.status} ${row.gap.revision}` : row.sequenceId)
  }
}

describe("books that a disk loses", () => {
  it("leave the gap open when the complete book that had ended it is lost as well, and that is said before the next change", () => {
    const { keep, lose, model, receivedAt, said } = market()
    keep(1, true)
    lose(2, false, false)
    lose(3, true, true)
    keep(4, false)
    keep(5, true)
    keep(6, false)
    assert.deepStrictEqual(said(), ["1", "missing 1", "open 2", "4", "missing 3", "5", "6"])
    const [gap, ...others] = standingGaps(model.rows)
    assert.deepStrictEqual(others, [])
    assert.deepInclude(gap, { cause: "disk", openedMicros: receivedAt(2), closedMicros: receivedAt(5), missing: 2 })
    // No number of the venue shows it, and the file says all the same that there is one.
    assert.deepStrictEqual([model.stats.sequence.gaps, model.stats.newestGap], [0, gap?.id])
  })

  it("are two gaps where a complete one was kept in between", () => {
    const { keep, lose, model, receivedAt } = market()
    keep(1, true)
    lose(2, false, false)
    lose(3, false, true)
    keep(4, true)
    lose(5, false, false)
    keep(6, true)
    assert.deepStrictEqual(
      standingGaps(model.rows).map(({ closedMicros, missing, openedMicros }) => [openedMicros, closedMicros, missing]),
      [[receivedAt(2), receivedAt(4), 2], [receivedAt(5), receivedAt(6), 1]]
    )
  })

  it("stay one gap that a stop leaves open, and a start ends", () => {
    const { keep, lose, model, receivedAt } = market()
    keep(1, true)
    lose(2, false, false)
    lose(3, true, true)
    model.intake.stopped()
    model.drain()
    const [open] = standingGaps(model.rows)
    assert.deepInclude(open, { cause: "disk", status: "open", openedMicros: receivedAt(2), closedMicros: null })
    model.restart()
    assert.deepStrictEqual(model.intake.unsettled().map(({ id }) => id), [open!.id])
  })
})

describe("a book that is broken when the recorder stops", () => {
  it("lacks all that was found missing until then, and nothing is said twice", () => {
    const { keep, model, said } = market()
    keep(1, true)
    keep(3, false)
    keep(6, false)
    model.intake.stopping(0)
    model.intake.stopped()
    model.drain()
    assert.deepStrictEqual(said(), ["1", "open 1", "3", "6", "open 2"])
    assert.deepInclude(standingGaps(model.rows)[0], { cause: "sequence_gap", missing: 3 })
    model.restart()
    model.intake.stopping(0)
    model.intake.stopped()
    model.drain()
    assert.lengthOf(said(), 5)
  })
})
