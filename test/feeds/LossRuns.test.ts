import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Row } from "../../src/domain/Event.ts"
import * as LossRuns from "../../src/feeds/LossRuns.ts"
import * as lostRows from "../../src/sinks/lostRows.ts"
import { nothingSealed, trades } from "../sinks/events.ts"

/** Brings rows of which all but the first `kept` are lost; answers whether that goes on from the loss before it, null where nothing is lost. */
const bringing = () => {
  let keep = 0
  let answer: boolean | null = null
  const rows = trades(100)
  const lose = (batch: ReadonlyArray<Row>) => {
    if (keep < batch.length) answer = losses.goesOn(lostRows.ofRows(batch.slice(keep)))
  }
  const losses = LossRuns.make({
    append: (batch) => Effect.sync(() => lose(batch)),
    appendNow: (batch) => batch.length <= keep,
    memory: nothingSealed
  })
  const bring = (count: number, kept: number) => {
    keep = kept
    answer = null
    const batch = rows.splice(0, count)
    // As the queue does: what is not taken at once comes again.
    if (!losses.sink.appendNow(batch)) Effect.runSync(losses.sink.append(batch))
    return answer
  }
  return { bring, losses }
}

describe("losses of a sink", () => {
  it("go on where no row was kept in between", () => {
    const { bring } = bringing()
    assert.deepStrictEqual([bring(3, 0), bring(1, 0), bring(5, 0)], [false, true, true])
  })

  it("are others once a row was kept, alone or before those that are lost", () => {
    const { bring } = bringing()
    assert.deepStrictEqual(
      [bring(3, 2), bring(3, 0), bring(1, 1), bring(3, 0), bring(2, 0), bring(3, 1), bring(3, 0)],
      [false, true, null, false, true, false, true]
    )
  })

  it("are others after rows that had been taken before are lost", () => {
    const { bring, losses } = bringing()
    assert.deepStrictEqual([bring(1, 0), bring(1, 0)], [false, true])
    assert.isFalse(losses.goesOn({ ...lostRows.ofRows(trades(2)), events: null }))
    assert.deepStrictEqual([bring(1, 0), bring(1, 0)], [false, true])
  })
})
