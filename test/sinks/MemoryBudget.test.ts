import { NodeServices } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import { type Holder, MemoryBudget } from "../../src/sinks/MemoryBudget.ts"
import { trades } from "./events.ts"
import { harness } from "./harness.ts"

/** A holder of `bytes` that notes its name when it is flushed, and then holds `left`. */
const holder = (budget: MemoryBudget, flushed: Array<string>, options: {
  readonly name: string
  readonly bytes: number
  readonly left?: number
  readonly canFlush?: boolean
}): Holder => {
  let held = options.bytes
  budget.account(held)
  const made: Holder = {
    heldBytes: () => held,
    canFlush: () => options.canFlush ?? true,
    flush: Effect.sync(() => {
      flushed.push(options.name)
      budget.account((options.left ?? 0) - held)
      held = options.left ?? 0
    })
  }
  budget.join(made)
  return made
}

describe("MemoryBudget", () => {
  it.effect("flushes nobody within the limit", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(100)
      const flushed: Array<string> = []
      holder(budget, flushed, { name: "a", bytes: 60 })
      holder(budget, flushed, { name: "b", bytes: 40 })
      yield* budget.reclaim
      assert.deepStrictEqual(flushed, [])
    }))

  it.effect("flushes the largest first, and no more than it must", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(100)
      const flushed: Array<string> = []
      for (const [name, bytes] of [["a", 50], ["b", 90], ["c", 70], ["d", 20]] as const) {
        holder(budget, flushed, { name, bytes })
      }
      yield* budget.reclaim
      assert.deepStrictEqual(flushed, ["b", "c"])
      assert.strictEqual(budget.usedBytes, 70)
    }))

  it.effect("passes over holders that cannot flush, and ends when a flush frees nothing", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(100)
      const flushed: Array<string> = []
      holder(budget, flushed, { name: "failing", bytes: 500, canFlush: false })
      holder(budget, flushed, { name: "stuck", bytes: 300, left: 300 })
      holder(budget, flushed, { name: "good", bytes: 50 })
      yield* budget.reclaim
      assert.deepStrictEqual(flushed, ["stuck", "good"])
    }))

  it("gives each holder an equal share, also of those that left", () => {
    const budget = new MemoryBudget(100)
    assert.strictEqual(budget.shareBytes, 100)
    const leaving = holder(budget, [], { name: "a", bytes: 0 })
    holder(budget, [], { name: "b", bytes: 0 })
    assert.strictEqual(budget.shareBytes, 50)
    budget.leave(leaving)
    assert.strictEqual(budget.shareBytes, 100)
  })
})

layer(NodeServices.layer)("the memory of sinks", (it) => {
  it.effect("stays within the budget: the largest buffer is written first, whoever brings the rows", () =>
    Effect.gen(function*() {
      const storage = yield* harness({ sinks: { memoryBudgetBytes: 256 * 1024 } })
      const loud = Feed.make("binance", "BTC-USDT", "trade")
      const quiet = Feed.make("okx", "BTC-USDT", "trade")
      const loudSink = yield* storage.sinks.open(loud)
      const quietSink = yield* storage.sinks.open(quiet)
      yield* loudSink.append(trades(1200))
      assert.deepInclude(storage.stats(loud), { rowsBuffered: 1200, rowsWritten: 0 })
      for (let at = 0; at < 1100 && storage.stats(loud).rowsWritten === 0; at += 10) {
        if (!quietSink.appendNow(trades(10, at))) yield* quietSink.append(trades(10, at))
      }
      assert.deepInclude(storage.stats(loud), { rowsBuffered: 0, rowsWritten: 1200 })
      assert.strictEqual(storage.stats(quiet).rowsWritten, 0)
    }))

  it.effect("is bounded for many feeds together, and no row is lost", () =>
    Effect.gen(function*() {
      const storage = yield* harness({ sinks: { memoryBudgetBytes: 1024 * 1024 } })
      const feeds = Array.from({ length: 40 }, (_, index) => Feed.make("okx", `COIN${index}`, "trade"))
      yield* Effect.scoped(Effect.gen(function*() {
        const sinks = yield* Effect.forEach(feeds, (feed) => storage.sinks.open(feed))
        for (let at = 0; at < 1000; at += 50) {
          for (const sink of sinks) yield* sink.append(trades(50, at))
          const buffered = feeds.reduce((sum, feed) => sum + storage.stats(feed).rowsBuffered, 0)
          // A row takes some 120 bytes.
          assert.isBelow(buffered * 100, 1024 * 1024)
        }
      }))
      for (const feed of feeds) {
        assert.deepInclude(storage.stats(feed), { rowsSealed: 1000, rowsLost: 0, rowsBuffered: 0 })
      }
    }))

  it.effect("is small for a thousand quiet feeds", () =>
    Effect.gen(function*() {
      const storage = yield* harness({ sinks: { memoryBudgetBytes: 6 * 1024 * 1024 } })
      const feeds = Array.from({ length: 1000 }, (_, index) => Feed.make("okx", `COIN${index}`, "trade"))
      yield* Effect.scoped(Effect.gen(function*() {
        const sinks = yield* Effect.forEach(feeds, (feed) => storage.sinks.open(feed))
        for (const sink of sinks) yield* sink.append(trades(5))
        const rows = feeds.reduce((sum, feed) => sum + storage.stats(feed).rowsWritten, 0)
        assert.strictEqual(rows, 0, "6 MiB are enough for 1000 feeds with 5 rows each")
      }))
      assert.strictEqual((yield* storage.sealedFiles).length, 1000)
    }), 90_000)
})
