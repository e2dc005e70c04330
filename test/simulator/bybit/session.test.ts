import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Timings } from "../../../src/simulator/SimulatorOptions.ts"
import * as Simulator from "../../../src/simulator/Simulator.ts"
import { connect } from "../client.ts"

const symbols = Array.from({ length: 12 }, (_, index) => `C${index}USDT`)
const start = (timings: Partial<Timings> = {}) => Simulator.make({ rate: 0, timings, symbols: { bybit: symbols } })

const subscribe = (args: ReadonlyArray<string>, req_id?: string) => JSON.stringify({ req_id, op: "subscribe", args })

describe("Bybit session", () => {
  it.live("refuses eleven topics, a duplicate, an unknown symbol or depth, each time the whole request", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("bybit"))
      yield* client.send(subscribe(symbols.slice(0, 11).map((symbol) => `publicTrade.${symbol}`), "1"))
      yield* client.message(String.raw`"args size \u003e10"`)
      yield* client.send(subscribe(["publicTrade.C1USDT", "publicTrade.NOPEUSDT"], "2"))
      assert.include(yield* client.message("\"2\""), "Invalid symbol :[publicTrade.NOPEUSDT]")
      yield* client.send(subscribe(["publicTrade.C1USDT", "orderbook.10.C1USDT"]))
      assert.include(
        yield* client.message("handler"),
        `"error:handler not found,topic:orderbook.10.C1USDT"`
      )
      yield* client.send(subscribe(["publicTrade.C0USDT"], "4"))
      assert.include(yield* client.message("\"4\""), "\"success\":true")
      yield* client.send(subscribe(["publicTrade.C1USDT", "publicTrade.C0USDT"], "5"))
      assert.include(yield* client.message("\"5\""), "error:already subscribed,topic:publicTrade.C0USDT")
      yield* simulator.produce("bybit", "C1USDT", 10)
      yield* simulator.produce("bybit", "C0USDT", 6)
      yield* client.message("\"topic\":\"publicTrade.C0USDT\"")
      assert.isFalse(client.texts.some((text) => text.includes("\"topic\":\"publicTrade.C1USDT\"")))
    }))

  it.live("starts with a snapshot, counts u by one, and starts again from 1", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("bybit"))
      yield* client.send(subscribe(["orderbook.50.C0USDT"]))
      yield* client.message("snapshot")
      yield* simulator.produce("bybit", "C0USDT", 5)
      yield* simulator.faults.inject({ kind: "restart" }, { venue: "bybit" })
      yield* simulator.produce("bybit", "C0USDT", 3)
      const books = (yield* client.messages(9, (text) => text.includes("orderbook.50.C0USDT\",\"ts"))).map((text) =>
        JSON.parse(text)
      )
      const start0 = books[0].data.u
      assert.deepStrictEqual(
        books.map((book) => [book.type, book.data.u]),
        [
          ["snapshot", start0],
          ...[1, 2, 3, 4, 5].map((step) => ["delta", start0 + step]),
          ["snapshot", 1],
          ["delta", 2],
          ["delta", 3]
        ]
      )
    }))

  it.live("puts up to 1,024 trades into a message", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("bybit"))
      yield* client.send(subscribe(["publicTrade.C0USDT"]))
      yield* client.message("success")
      yield* simulator.faults.inject({ kind: "burst", fills: 1_100 })
      yield* simulator.produce("bybit", "C0USDT", 1)
      const batches = (yield* client.messages(2, (text) => text.includes("\"topic\""))).map((text) => JSON.parse(text))
      assert.deepStrictEqual(batches.map((batch) => batch.data.length), [1_024, 76])
      assert.strictEqual(simulator.ledger.count, 1_100)
    }))

  it.live("answers a ping as a ping, and cuts who is silent", () =>
    Effect.gen(function*() {
      const simulator = yield* start({ bybitIdle: 300 })
      const client = yield* connect(simulator.baseUrl("bybit"))
      yield* client.send(JSON.stringify({ req_id: "7", op: "ping" }))
      const { op, req_id, ret_msg } = JSON.parse(yield* client.message("pong"))
      assert.deepStrictEqual([op, req_id, ret_msg], ["ping", "7", "pong"])
      assert.strictEqual((yield* client.closed).code, 1006)
    }))
})
