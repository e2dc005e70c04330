import { assert, describe, it } from "@effect/vitest"
import { writeDocs } from "./docs.ts"
import { type Figure, reaches } from "./figures.ts"
import { parse, quantileBetween } from "./metrics.ts"
import { slopeOf } from "./slope.ts"
import { table } from "./table.ts"

const histogram = (...counts: ReadonlyArray<number>) =>
  parse(counts.map((count, index) => `h_bucket{le="${[1, 2, "+Inf"][index]}",feed="a"} ${count}`).join("\n"))

const figure: Figure = { part: "p", name: "n", value: 2, unit: "x" }

describe("the bench's figures", () => {
  it("takes quantiles of what was observed between two scrapes", () => {
    const [before, after] = [histogram(100, 100, 100), histogram(100, 110, 110)]
    assert.strictEqual(quantileBetween(before, after, "h", 0.5), 1.5)
    assert.strictEqual(quantileBetween(before, histogram(100, 100, 104), "h", 0.5), 2)
    assert.isNaN(quantileBetween(before, before, "h", 0.5))
  })

  it("are not taken out of the docs for want of others", () => {
    assert.throws(() => writeDocs([]), /figures of start, .* would be lost/)
  })

  it("adds the series of a metric", () => {
    assert.strictEqual(parse(`# HELP m text\nm{a="1"} 2\nm{a="2"} 3\nother 7\n`).sum("m"), 5)
  })

  it("tells a slope from noise", () => {
    const points = (slope: number) => Array.from({ length: 16 }, (_, x) => [x, slope * x + (x % 2)] as const)
    const flat = slopeOf(points(0))
    assert.isBelow(flat.interval[0], 0)
    assert.isAbove(flat.interval[1], 0)
    const rising = slopeOf(points(1))
    assert.closeTo(rising.slope, 1, 0.05)
    assert.isAbove(rising.interval[0], 0)
  })

  it("holds figures against their targets, and void ones against none", () => {
    assert.isNull(reaches(figure))
    assert.isTrue(reaches({ ...figure, target: { atMost: 2 } }))
    assert.isFalse(reaches({ ...figure, target: { atMost: 1.9 } }))
    assert.isTrue(reaches({ ...figure, target: { atLeast: 2 } }))
    assert.isFalse(reaches({ ...figure, target: { atLeast: 2.1 } }))
    assert.isTrue(reaches({ ...figure, range: [-1, 5], target: { notAbove: 0 } }))
    assert.isFalse(reaches({ ...figure, range: [1, 3], target: { notAbove: 0 } }))
    const wrong: Figure = { ...figure, target: { atMost: 5 }, void: "7 events were dropped" }
    assert.isFalse(reaches(wrong))
    assert.include(table([wrong]), "void: 7 events were dropped")
  })
})
