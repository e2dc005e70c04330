import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Timings } from "../../../src/simulator/SimulatorOptions.ts"
import * as Simulator from "../../../src/simulator/Simulator.ts"
import { connect, follow } from "../client.ts"

const subscribe = (channel: string, ...product_ids: ReadonlyArray<string>) =>
  JSON.stringify({ type: "subscribe", channel, ...(product_ids.length === 0 ? {} : { product_ids }) })

const start = (timings: Partial<Timings> = {}, rate = 0) =>
  Simulator.make({ rate, timings: { coinbaseTradeBatch: 20, ...timings }, coinbaseLevels: 20 })

const isAck = (text: string) => text.includes("\"channel\":\"subscriptions\"")

describe("Coinbase session", () => {
  it.live("numbers every message of the connection from 0, without a hole", () =>
    Effect.gen(function*() {
      const simulator = yield* start({ coinbaseHeartbeatEvery: 30 }, 200)
      const client = yield* follow(simulator.baseUrl, "coinbase")
      yield* client.messages(3, (text) => text.includes("heartbeat_counter"))
      yield* client.messages(3, isAck)
      yield* client.messages(100, () => true)
      const numbers = client.texts.map((text) => JSON.parse(text).sequence_num)
      assert.deepStrictEqual(numbers, numbers.map((_, index) => index))
    }))

  it.live("acknowledges before, between or after the data", () =>
    Effect.gen(function*() {
      const simulator = yield* start({}, 100)
      const places = new Set<string>()
      for (let i = 0; i < 40 && places.size < 3; i++) {
        const client = yield* connect(simulator.baseUrl("coinbase"))
        yield* client.send(subscribe("level2", "BTC-USD"))
        yield* client.message(isAck)
        const place = client.texts.findIndex(isAck)
        places.add(place === 0 ? "before" : place === 1 ? "after the snapshot" : "after updates")
      }
      assert.deepStrictEqual(
        [...places].toSorted(),
        ["after the snapshot", "after updates", "before"]
      )
    }))

  it.live("shows recent trades, then batches newest first and without a hole", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("coinbase"))
      yield* client.send(subscribe("market_trades", "BTC-USD"))
      yield* client.message("\"type\":\"snapshot\"")
      yield* simulator.produce("coinbase", "BTC-USD", 100)
      yield* client.message("\"type\":\"update\"")
      const ids: Array<number> = []
      for (const text of client.texts.filter((each) => each.includes("market_trades\",\"timestamp"))) {
        const batch: Array<number> = JSON.parse(text).events[0].trades.map((trade: { trade_id: string }) =>
          Number(trade.trade_id)
        )
        assert.deepStrictEqual(batch, batch.toSorted((a, b) => b - a))
        ids.push(...batch.toReversed())
      }
      assert.isAtLeast(ids.length, 120)
      assert.deepStrictEqual(ids, ids.map((_, index) => (ids[0] ?? 0) + index))
      const entries = simulator.ledger.entries()
      assert.deepStrictEqual(entries.map((entry) => Number(entry.sequenceId)), ids)
      assert.strictEqual(entries.filter((entry) => entry.history).length, 50)
    }))

  it.live("leaves unknown products out of the acknowledgement, and delivers USDC under USD", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("coinbase"))
      yield* client.send(subscribe("level2", "NOPE-USD", "BTC-USDC"))
      assert.include(yield* client.message("\"level2\":"), `{"subscriptions":{"level2":["BTC-USD"]}}`)
      assert.include(yield* client.message("snapshot"), `"product_id":"BTC-USD"`)
      const [entry] = simulator.ledger.entries()
      assert.strictEqual(entry?.symbol, "BTC-USDC")
    }))

  it.live("calls an unknown channel an authentication failure", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("coinbase"))
      yield* client.send(subscribe("levle2", "BTC-USD"))
      assert.strictEqual(yield* client.message("error"), `{"type":"error","message":"authentication failure"}`)
    }))

  it.live("ends a connection that does not subscribe", () =>
    Effect.gen(function*() {
      const simulator = yield* start({ coinbaseSubscribeWithin: 30 })
      const client = yield* connect(simulator.baseUrl("coinbase"))
      const older = yield* connect(simulator.baseUrl("coinbase-exchange"))
      yield* client.closed
      yield* older.closed
    }))

  it.live("lets a quiet channel fall silent, unless there are heartbeats", () =>
    Effect.gen(function*() {
      const simulator = yield* start({ coinbaseQuietChannel: 60, coinbaseHeartbeatEvery: 40 })
      const alone = yield* connect(simulator.baseUrl("coinbase"))
      yield* alone.send(subscribe("level2", "BTC-USD"))
      const beating = yield* connect(simulator.baseUrl("coinbase"))
      yield* beating.send(subscribe("level2", "BTC-USD"))
      yield* beating.send(subscribe("heartbeats"))
      yield* alone.message("snapshot")
      yield* beating.messages(4, (text) => text.includes("heartbeat_counter"))
      yield* simulator.produce("coinbase", "BTC-USD", 6)
      yield* beating.message("\"type\":\"update\"")
      assert.isFalse(alone.texts.some((text) => text.includes("\"type\":\"update\"")))
    }))

  it.live("can send a snapshot of several megabytes", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, coinbaseLevels: 22_000 })
      const client = yield* connect(simulator.baseUrl("coinbase"))
      yield* client.send(subscribe("level2", "BTC-USD"))
      assert.isAbove((yield* client.message("snapshot")).length, 4_000_000)
    }))
})

describe("Coinbase Exchange session", () => {
  it.live("sends the last match, a snapshot, and refuses whole requests", () =>
    Effect.gen(function*() {
      const simulator = yield* start({ coinbaseHeartbeatEvery: 30 })
      const client = yield* follow(simulator.baseUrl, "coinbase-exchange")
      yield* client.message("\"type\":\"subscriptions\"")
      assert.include(client.texts[0], "last_match")
      yield* client.message("\"type\":\"heartbeat\"")
      yield* simulator.produce("coinbase", "BTC-USD", 6)
      yield* client.message("\"type\":\"match\"")
      yield* client.message("\"type\":\"l2update\"")
      const refused = yield* connect(simulator.baseUrl("coinbase-exchange"))
      const request = (products: ReadonlyArray<string>, channel: string) =>
        JSON.stringify({ type: "subscribe", product_ids: products, channels: [channel] })
      yield* refused.send(request(["BTC-USD", "NOPE-USD"], "matches"))
      assert.include(yield* refused.message("error"), "NOPE-USD is not a valid product")
      yield* refused.send(request(["BTC-USD"], "level2"))
      yield* refused.message("level2, level3, and full channels now require authentication.")
      assert.strictEqual(refused.texts.length, 2)
    }))
})
