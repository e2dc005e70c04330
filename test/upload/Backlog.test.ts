import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as UploadStats from "../../src/telemetry/UploadStats.ts"
import { Backlog } from "../../src/upload/Backlog.ts"

const pathOf = (millis: number) => `binance/btcusdt/trade/2026-03-14/${millis}.parquet`

const fileOf = (millis: number) => ({ path: pathOf(millis), millis })

const listOf = (all: ReadonlyArray<number>) => ({ files: all.map(fileOf), paths: new Set(all.map(pathOf)) })

const setUp = () => {
  const stats = UploadStats.make()
  const backlog = new Backlog(stats)
  return { backlog, shown: () => [stats.filesOnDisk, stats.oldestWaitingMillis] }
}

describe("Backlog", () => {
  it("a list is right in what came and went while it was made", () => {
    const { backlog, shown } = setUp()
    backlog.add(fileOf(5))
    backlog.beginListing()
    backlog.add(fileOf(3))
    backlog.remove(pathOf(5))
    backlog.add(fileOf(4))
    backlog.remove(pathOf(4))
    backlog.endListing(listOf([4, 5, 6]))
    assert.deepStrictEqual(shown(), [2, 3])
    assert.isTrue(backlog.has(pathOf(6)))
    assert.isFalse(backlog.has(pathOf(5)))
  })

  it("what somebody else removed is gone with the next list", () => {
    const { backlog, shown } = setUp()
    backlog.add(fileOf(1))
    backlog.beginListing()
    backlog.endListing(listOf([]))
    assert.deepStrictEqual(shown(), [0, null])
  })

  const Step = Schema.Struct({
    what: Schema.Literals(["add", "add", "remove", "list"]),
    millis: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 }))
  })
  it.prop(
    "has what was added and not removed, and knows the oldest of it",
    { steps: Schema.Array(Step) },
    ({ steps }) => {
      const { backlog, shown } = setUp()
      const there = new Set<number>()
      for (const { millis, what } of steps) {
        if (what === "add") {
          backlog.add(fileOf(millis))
          there.add(millis)
        } else if (what === "remove") {
          backlog.remove(pathOf(millis))
          there.delete(millis)
        } else {
          backlog.beginListing()
          backlog.endListing(listOf([...there].toSorted((a, b) => a - b)))
        }
        assert.deepStrictEqual(shown(), [there.size, there.size === 0 ? null : Math.min(...there)])
      }
    }
  )
})
