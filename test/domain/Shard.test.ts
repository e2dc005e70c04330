import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import { indexOf } from "../../src/domain/Shard.ts"
import { Venue } from "../../src/domain/Venue.ts"

const Symbols = Schema.Array(Schema.String.check(Schema.isPattern(/^[A-Z0-9]{2,8}-[A-Z]{3,4}$/)))
const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 }))

describe("Shard", () => {
  it.prop("is one of the processes, and the same for both data types of a symbol however it is written", {
    exchange: Venue,
    symbols: Symbols,
    count: Count
  }, ({ count, exchange, symbols }) => {
    for (const symbol of symbols) {
      const index = indexOf(Feed.make(exchange, symbol, "trade"), count)
      assert.isTrue(Number.isInteger(index) && index >= 0 && index < count)
      assert.strictEqual(indexOf(Feed.make(exchange, symbol, "orderbook"), count), index)
      assert.strictEqual(indexOf(Feed.make(exchange, symbol.toLowerCase().replace("-", "_"), "trade"), count), index)
    }
  })

  it.prop("with one process more, changes for no feed but to the new one", {
    exchange: Venue,
    symbols: Symbols,
    count: Count
  }, ({ count, exchange, symbols }) => {
    for (const symbol of symbols) {
      const feed = Feed.make(exchange, symbol, "trade")
      const after = indexOf(feed, count + 1)
      if (after !== indexOf(feed, count)) assert.strictEqual(after, count)
    }
  })

  it("spreads 2,000 symbols evenly, and moves one in N + 1 to a new process", () => {
    const feeds = Array.from({ length: 2000 }, (_, n) => Feed.make("okx", `COIN${n}-USDT`, "trade"))
    for (let count = 1; count <= 16; count++) {
      const shares = Array.from({ length: count }, () => 0)
      for (const feed of feeds) shares[indexOf(feed, count)]!++
      const fair = feeds.length / count
      // Four standard deviations of a fair draw.
      for (const share of shares) assert.isBelow(Math.abs(share - fair), 4 * Math.sqrt(fair) + 1)
      const moved = feeds.filter((feed) => indexOf(feed, count) !== indexOf(feed, count + 1)).length
      const due = feeds.length / (count + 1)
      assert.isBelow(Math.abs(moved - due), 4 * Math.sqrt(due) + 1)
    }
  })

  // Whoever changes these moves feeds of running recorders, whose coverage then has a break in it.
  it("stays the same from version to version", () => {
    const at = (exchange: Venue, symbol: string) =>
      [2, 3, 4, 10].map((count) => indexOf(Feed.make(exchange, symbol, "trade"), count))
    assert.deepStrictEqual([
      at("binance", "btcusdt"),
      at("coinbase", "BTC-USD"),
      at("upbit", "KRW-BTC"),
      at("okx", "BTC-USDT"),
      at("bybit", "BTCUSDT")
    ], [[1, 2, 2, 7], [1, 2, 2, 2], [0, 2, 2, 2], [1, 1, 1, 9], [1, 1, 1, 1]])
  })
})
