import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { type Fill, Market } from "../../src/simulator/Market.ts"
import { Tape } from "../../src/simulator/Tape.ts"

const idOf = (fill: Fill) => String(fill.sparseNumber)
const numberOf = (fill: Fill) => String(fill.number)

/** A market that stepped so often, and began to number anew before some of the steps. */
const marketOf = (steps: number, anewBefore: ReadonlyArray<number>, tapeLength = 100_000) => {
  const market = new Market({
    seed: "tape",
    venue: "bybit",
    symbol: "BTCUSDT",
    depth: 5,
    sweep: 5,
    restartProbability: 0,
    tapeLength
  })
  for (let i = 0; i < steps; i++) {
    if (anewBefore.includes(i)) market.renumberTrades()
    market.step(1_790_000_000_000 + i)
  }
  return market
}

const Place = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 199 }))

describe("Tape", () => {
  it("keeps the newest, and counts what it forgot", () => {
    const all = marketOf(500, []).tape
    const { tape } = marketOf(500, [], 100)
    assert.strictEqual(tape.length, 100)
    assert.strictEqual(tape.forgotten, all.length - 100)
    assert.deepStrictEqual(tape.newest(100), all.newest(100))
    assert.deepStrictEqual(tape.newest(1_000), all.newest(100))
    assert.deepStrictEqual(tape.last, all.last)
    assert.isUndefined(new Tape(3).last)
    assert.strictEqual(new Tape(3).placeOf("5", idOf), 0)
  })

  it.prop(
    "finds every id it keeps, in the newest numbering that has it, and the next one where an id was left out",
    [Arbitrary.array(Arbitrary.schema(Place), { maxLength: 2 })],
    ([anewBefore]) => {
      const { tape } = marketOf(200, anewBefore)
      const fills = tape.newest(tape.length)
      const newest = new Map(fills.map((fill, place) => [numberOf(fill), place]))
      for (const [id, place] of newest) assert.strictEqual(tape.placeOf(id, numberOf), place)
      for (const [place, fill] of fills.entries()) {
        const next = fills[place + 1]
        if (next === undefined || next.numbering !== tape.last?.numbering || next.numbering !== fill.numbering) continue
        if (next.sparseNumber > fill.sparseNumber + 1) {
          assert.strictEqual(tape.placeOf(String(fill.sparseNumber + 1), idOf), place + 1)
        }
      }
    }
  )

  it("places what is older or newer than everything at its ends", () => {
    const { tape } = marketOf(100, [])
    assert.strictEqual(tape.placeOf("1", idOf), 0)
    assert.strictEqual(tape.placeOf("99999999999999999999", idOf), tape.length)
    const renumbered = marketOf(100, [50]).tape
    assert.strictEqual(renumbered.placeOf("99999999999999999999", idOf), renumbered.length)
  })

  it("finds the first trade of a moment", () => {
    const { tape } = marketOf(100, [])
    const place = tape.placeAt(1_790_000_000_050)
    assert.isAtLeast(tape.slice(place, place + 1)[0]?.atMillis ?? 0, 1_790_000_000_050)
    assert.isBelow(tape.slice(place - 1, place)[0]?.atMillis ?? Number.NaN, 1_790_000_000_050)
  })
})
