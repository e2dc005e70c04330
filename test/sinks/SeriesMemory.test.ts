import { assert, describe, it } from "@effect/vitest"
import type { Gap } from "../../src/domain/Gap.ts"
import type { RowType } from "../../src/domain/Series.ts"
import {
  type FileRows,
  type Known,
  type Mark,
  memoryOf,
  namesOf,
  nothing,
  remember
} from "../../src/sinks/SeriesMemory.ts"
import { gapRow } from "./events.ts"

const file = { path: "okx/btcusdt/trade/2026-03-14/1.parquet", sha256: "ab" }
const rows = (over: Partial<FileRows>): FileRows => ({ newest: null, recentIds: [], gaps: [], ...over })
const mark = (id: string, receivedMicros: number): Mark => ({ id, receivedMicros, exchangeMicros: null })
const fold = (rowType: RowType, ...added: ReadonlyArray<Partial<FileRows>>): Known =>
  added.reduce<Known>((known, each) => remember(rowType, known, file, rows(each)), nothing)
const gap = (id: string, revision: number, status: Gap["status"]) => gapRow(0, { id, revision, status }).gap
const told = (known: Known) => memoryOf(known).gaps.map(({ id, revision }) => `${id}#${revision}`)

describe("what is known of sealed files", () => {
  it("is nothing before the first", () => {
    assert.deepStrictEqual(memoryOf(nothing), { tail: null, gaps: [], previousFile: null })
  })

  it.each<[what: string, rowType: RowType, marks: ReadonlyArray<Mark>, newest: string]>([
    ["trades by number, however many digits", "trade", [mark("99", 2), mark("100", 1), mark("98", 3)], "100"],
    ["trades by number beyond what a double holds", "trade", [
      mark("17000000000000002", 1),
      mark("17000000000000001", 2)
    ], "17000000000000002"],
    ["trades without numbers by receipt", "trade", [mark("b", 2), mark("c", 1), mark("a", 2)], "a"],
    ["trades of which one has no number by receipt", "trade", [mark("9", 1), mark("07", 2)], "07"],
    ["books by receipt, for their numbers begin anew", "orderbook", [mark("900", 1), mark("5", 2), mark("901", 0)], "5"]
  ])("the newest row is that of %s", (_, rowType, marks, newest) => {
    assert.strictEqual(memoryOf(fold(rowType, ...marks.map((each) => ({ newest: each })))).tail?.lastId, newest)
  })

  it("was received when the last row was, also where that has a lower id", () => {
    const tail = (...marks: ReadonlyArray<Mark>) => memoryOf(fold("trade", ...marks.map((newest) => ({ newest })))).tail
    assert.include(tail(mark("7", 10), mark("6", 15)), { lastId: "7", lastReceivedMicros: 15 })
    // A clock that was ahead is forgotten with the next trade.
    assert.include(tail(mark("7", 99), mark("8", 15)), { lastId: "8", lastReceivedMicros: 15 })
  })

  it("stays what it was where the rows of a file could not be read, but for the file", () => {
    const before = fold("trade", { newest: mark("5", 1), recentIds: ["4", "5"] })
    const other = { path: "other", sha256: "cd" }
    assert.deepStrictEqual(remember("trade", before, other, null), { ...before, previousFile: other })
  })

  it("has the ids of the newest 512 trades", () => {
    const ids = (from: number, count: number) => Array.from({ length: count }, (_, index) => String(from + index))
    const known = fold("trade", { newest: mark("499", 1), recentIds: ids(0, 500) }, {
      newest: mark("509", 1),
      recentIds: ids(500, 10)
    }, { newest: mark("519", 1), recentIds: ids(510, 10) })
    assert.deepStrictEqual(memoryOf(known).tail?.recentIds, ids(8, 512))
  })

  it("has the names of the newest hundred files, or that of the last one where no others were kept", () => {
    const at = (millis: number) => ({ path: `okx/btcusdt/trade/tokyo-1/2026-03-14/${millis}.parquet`, sha256: "ab" })
    const names = Array.from({ length: 120 }, (_, index) => 1000 - index)
    const known = names.reduce((before, millis) => remember("trade", before, at(millis), null), nothing)
    assert.deepStrictEqual(namesOf(known), names.slice(-100))
    const { names: _, ...earlier } = known
    assert.deepStrictEqual(namesOf(earlier), names.slice(-1))
    assert.deepStrictEqual(namesOf(remember("trade", earlier, at(7), null)), [...names.slice(-1), 7])
    assert.deepStrictEqual(namesOf(nothing), [])
  })

  it("has the last word on each gap that is not settled, in whatever order the words come", () => {
    const words = [
      gap("a", 1, "open"),
      gap("a", 2, "missing"),
      gap("b", 1, "open"),
      gap("b", 2, "repaired"),
      gap("c", 3, "missing")
    ]
    assert.deepStrictEqual(told(fold("gap", { gaps: words })), ["a#2", "c#3"])
    for (
      const [first, second] of [[words, []], [words.slice(3), words.slice(0, 3)], [words.toReversed(), words]] as const
    ) {
      assert.sameMembers(told(fold("gap", { gaps: first }, { gaps: second })), ["a#2", "c#3"])
    }
    assert.deepStrictEqual(
      told(fold("gap", { gaps: words }, { gaps: [gap("b", 3, "missing"), gap("a", 3, "dismissed")] })),
      ["c#3", "b#3"]
    )
  })

  it("has a thousand gaps at most, of which those that are open are the last to go", () => {
    const many = Array.from({ length: 1500 }, (_, index) => gap(`m${index}`, 1, "missing"))
    const known = fold("gap", { gaps: [gap("first", 1, "open"), ...many] })
    assert.deepStrictEqual(told(known), ["first#1", ...many.slice(-999).map(({ id }) => `${id}#1`)])
    const allOpen = fold("gap", {
      gaps: [...many.slice(0, 3), ...many.map((each) => ({ ...each, id: `o${each.id}`, status: "open" as const }))]
    })
    assert.deepStrictEqual(told(allOpen), many.slice(-1000).map(({ id }) => `o${id}#1`))
  })
})
