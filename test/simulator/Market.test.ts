import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Level } from "../../src/simulator/Book.ts"
import { Market, type MarketOptions, type Step } from "../../src/simulator/Market.ts"

const make = (seed: string, overrides: Partial<MarketOptions> = {}) =>
  new Market({
    seed,
    venue: "okx",
    symbol: "BTC-USDT",
    depth: 40,
    sweep: 100,
    restartProbability: 0,
    tapeLength: 1_000,
    ...overrides
  })

const steps = (market: Market, count: number): ReadonlyArray<Step> =>
  Array.from({ length: count }, (_, index) => market.step(1_790_000_000_000 + index))

const fillsOf = (all: ReadonlyArray<Step>) => all.flatMap((step) => step.order?.fills ?? [])

const apply = (side: Map<number, number>, changes: ReadonlyArray<Level>) => {
  for (const { price, size } of changes) {
    if (size === 0) side.delete(price)
    else side.set(price, size)
  }
}

const asMap = (side: ReadonlyArray<Level>) => new Map(side.map(({ price, size }) => [price, size]))

describe("Market", () => {
  it.prop("is a function of its seed", [Schema.String], ([seed]) => {
    assert.deepStrictEqual(steps(make(seed), 50), steps(make(seed), 50))
    assert.notDeepEqual(steps(make(seed), 5), steps(make(`${seed}!`), 5))
    assert.notDeepEqual(steps(make(seed), 5), steps(make(seed, { symbol: "ETH-USDT" }), 5))
  })

  it.prop("numbers fills and changes without a hole", [Schema.String], ([seed]) => {
    const all = steps(make(seed), 200)
    const fills = fillsOf(all)
    for (const [index, fill] of fills.entries()) {
      const before = fills[index - 1]
      if (before === undefined) continue
      assert.strictEqual(fill.number, before.number + 1)
      assert.isAbove(fill.sparseNumber, before.sparseNumber)
    }
    for (const [index, { change }] of all.entries()) {
      const before = all[index - 1]?.change
      if (before === undefined) continue
      assert.strictEqual(change.version, before.version + 1)
      assert.strictEqual(change.previousCursor, before.cursor)
      assert.isAbove(change.cursor, before.cursor)
    }
  })

  it("leaves gaps between the sparse numbers and the cursors", () => {
    const all = steps(make("gaps"), 500)
    const jumps = all.filter(({ change }) => change.cursor > change.previousCursor + 1)
    const fills = fillsOf(all)
    const skips = fills.filter((fill, index) => fill.sparseNumber > (fills[index - 1]?.sparseNumber ?? 0) + 1)
    assert.isAbove(jumps.length, 300)
    assert.isAbove(skips.length, 300)
  })

  it.prop("makes one fill per step on average", [Schema.String], ([seed]) => {
    const count = fillsOf(steps(make(seed), 1_000)).length
    assert.isAtLeast(count, 1_000)
    assert.isAtMost(count, 1_100)
  })

  it("sweeps several makers at equal time and several prices", () => {
    const orders = steps(make("sweeps"), 2_000).flatMap((step) => step.order === null ? [] : [step.order])
    const long = orders.filter(({ fills }) => fills.length > 4)
    assert.isAbove(long.length, 20)
    for (const { fills } of long) assert.strictEqual(new Set(fills.map((fill) => fill.atMillis)).size, 1)
    assert.isTrue(long.some(({ fills }) => new Set(fills.map((fill) => fill.price)).size > 1))
  })

  it.prop("tells every difference of its book, and never crosses it", [Schema.String], ([seed]) => {
    const market = make(seed)
    const bids = asMap(market.bids)
    const asks = asMap(market.asks)
    for (const { change } of steps(market, 100)) {
      apply(bids, change.bids)
      apply(asks, change.asks)
    }
    assert.deepStrictEqual([...bids].toSorted(([a], [b]) => b - a), [...asMap(market.bids)])
    assert.deepStrictEqual([...asks].toSorted(([a], [b]) => a - b), [...asMap(market.asks)])
    assert.strictEqual(bids.size, 40)
    assert.strictEqual(asks.size, 40)
    assert.isBelow(Math.max(...bids.keys()), Math.min(...asks.keys()))
    assert.isAbove(Math.min(...bids.keys()), 0)
  })

  it.prop("never has the same book twice within ten thousand changes", [Schema.String], ([seed]) => {
    const market = make(seed, { depth: 3 })
    const books = steps(market, 300).map(() => {
      market.step(0)
      return JSON.stringify([market.bids, market.asks])
    })
    assert.strictEqual(new Set(books).size, books.length)
  })

  it("begins to number anew when told to", () => {
    const market = make("restart")
    const before = market.step(1).change
    market.restart()
    const { change } = market.step(2)
    assert.isTrue(change.restarted)
    assert.strictEqual(change.version, 1)
    assert.isBelow(change.cursor, before.cursor)
    assert.strictEqual(change.previousCursor, before.cursor)
    assert.strictEqual(market.step(3).change.previousCursor, change.cursor)
  })

  it("numbers its trades anew when told to, and nothing else", () => {
    const market = make("renumber")
    const before = fillsOf(steps(market, 20)).at(-1)
    const { cursor, version } = market.latest
    market.renumberTrades()
    const fills = fillsOf(steps(market, 20))
    assert.deepStrictEqual(fills.map(({ number }) => number), fills.map((_, index) => index + 1))
    assert.isAtMost(fills[0]?.sparseNumber ?? 0, 20)
    assert.isTrue(fills.every(({ numbering }) => numbering === (before?.numbering ?? 0) + 1))
    assert.strictEqual(market.latest.version, version + 20)
    assert.isAbove(market.latest.cursor, cursor)
  })

  it("never goes back in time, even where the clock does", () => {
    const market = make("clock")
    const times = [100, 50, 70, 101].map((at) => market.step(at).change.atMillis)
    assert.deepStrictEqual(times, [100, 100, 100, 101])
  })

  it("matches as many makers as told, once", () => {
    const market = make("burst")
    market.burst(1_500)
    assert.strictEqual(market.step(1).order?.fills.length, 1_500)
    const next = steps(market, 5).map((step) => step.order?.fills.length ?? 0)
    assert.isBelow(Math.max(...next), 200)
  })

  it("keeps the last trades", () => {
    const market = make("history")
    const fills = fillsOf(steps(market, 300))
    assert.deepStrictEqual(market.history, fills.slice(-50))
  })
})
