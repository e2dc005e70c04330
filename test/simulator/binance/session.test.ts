import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Timings } from "../../../src/simulator/SimulatorOptions.ts"
import * as Simulator from "../../../src/simulator/Simulator.ts"
import { connect } from "../client.ts"

const subscribe = (params: ReadonlyArray<string>, id: unknown = 1) =>
  JSON.stringify({ method: "SUBSCRIBE", params, id })

const start = (timings: Partial<Timings> = {}) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make({ rate: 0, timings })
    const base = simulator.baseUrl("binance").replace("/stream", "")
    return { simulator, base }
  })

describe("Binance session", () => {
  it.live("echoes ids, and acknowledges streams that will never speak", () =>
    Effect.gen(function*() {
      const { base, simulator } = yield* start()
      const client = yield* connect(`${base}/stream`)
      yield* client.send(subscribe(["nosuchcoin@trade", "btcusdt@nothing"], "abc"))
      assert.strictEqual(yield* client.message("abc"), `{"result":null,"id":"abc"}`)
      yield* client.send(JSON.stringify({ method: "LIST_SUBSCRIPTIONS", id: 3 }))
      assert.strictEqual(
        yield* client.message("\"id\":3"),
        `{"result":["nosuchcoin@trade","btcusdt@nothing"],"id":3}`
      )
      yield* client.send(subscribe(["btcusdt"], 4))
      assert.strictEqual(
        yield* client.message("\"id\":4"),
        `{"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":4}`
      )
      yield* simulator.produce("binance", "btcusdt", 5)
      yield* client.send("{nonsense")
      assert.strictEqual(
        yield* client.message("Invalid JSON"),
        `{"error":{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}}`
      )
      assert.strictEqual(client.texts.length, 4)
      assert.strictEqual(simulator.ledger.count, 0)
    }))

  it.live("wraps combined streams and not raw ones, by path or by property", () =>
    Effect.gen(function*() {
      const { base, simulator } = yield* start()
      const raw = yield* connect(`${base}/ws/btcusdt@trade`)
      const combined = yield* connect(`${base}/stream?streams=btcusdt@trade/btcusdt@depth20@100ms`)
      const switched = yield* connect(`${base}/ws`)
      yield* switched.send(JSON.stringify({ method: "SET_PROPERTY", params: ["combined", true], id: 5 }))
      yield* switched.send(subscribe(["btcusdt@trade"], 6))
      yield* switched.message("\"id\":6")
      yield* simulator.produce("binance", "btcusdt", 6)
      const trade = yield* raw.message("trade")
      assert.match(trade, /^\{"e":"trade",/)
      const wrapped = `{"stream":"btcusdt@trade","data":${trade}}`
      assert.strictEqual(yield* combined.message("\"e\":\"trade\""), wrapped)
      assert.strictEqual(yield* switched.message("\"e\":\"trade\""), wrapped)
      yield* combined.message(`{"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":`)
      assert.strictEqual(simulator.ledger.entries({ dataType: "trade", connection: 1 })[0]?.data, trade)
      assert.strictEqual(simulator.ledger.entries({ dataType: "trade", connection: 2 })[0]?.data, trade)
    }))

  it.live("does not answer a control message that is a little too long, and misreads a longer one", () =>
    Effect.gen(function*() {
      const { base } = yield* start()
      const client = yield* connect(`${base}/stream`)
      const padded = (bytes: number, id: number) => {
        const text = subscribe([""], id).replace("\"\"", "\"a@trade\"")
        return text.replace("a@trade", `${"a".repeat(bytes - text.length + 1)}@trade`)
      }
      assert.strictEqual(padded(4_088, 1).length, 4_088)
      yield* client.send(padded(4_088, 1))
      yield* client.message(`{"result":null,"id":1}`)
      yield* client.send(padded(4_090, 2))
      yield* client.send(padded(4_200, 3))
      assert.strictEqual(
        yield* client.message("EOF"),
        `{"error":{"code":3,"msg":"Invalid JSON: EOF while parsing a string at line 1 column 4096"}}`
      )
      assert.strictEqual(client.texts.length, 2)
    }))

  it.live("closes with 1008 at the sixth message within a second", () =>
    Effect.gen(function*() {
      const { base, simulator } = yield* start()
      const client = yield* connect(`${base}/stream`)
      for (let id = 1; id <= 5; id++) yield* client.send(subscribe(["a@trade"], id))
      yield* client.message("\"id\":5")
      client.socket.ping()
      assert.deepStrictEqual(yield* client.closed, { code: 1008, reason: "Too many requests" })
      yield* simulator.until((ledger) => ledger.connections()[0]?.end === "server-close")
    }))

  it.live("pings with a payload, and ends who does not answer", () =>
    Effect.gen(function*() {
      const { base } = yield* start({ binancePingEvery: 300, binancePongWithin: 500 })
      const answering = yield* connect(`${base}/stream`)
      const silent = yield* connect(`${base}/stream`, { autoPong: false })
      assert.strictEqual((yield* silent.closed).code, 1008)
      assert.isAtLeast(silent.pings.length, 1)
      assert.match(silent.pings[0] ?? "", /^\d+$/)
      yield* answering.send(subscribe(["a@trade"], 9))
      yield* answering.message("\"id\":9")
    }))

  it.live("ends a connection after its lifetime, and announces a shutdown", () =>
    Effect.gen(function*() {
      const { base, simulator } = yield* start({ binanceLifetime: 700, noticeLead: 50 })
      const old = yield* connect(`${base}/stream`)
      const warned = yield* connect(`${base}/ws`)
      yield* simulator.faults.inject({ kind: "notice" }, { connection: 2 })
      assert.match(yield* warned.message("serverShutdown"), /^\{"e":"serverShutdown","E":\d+\}$/)
      assert.strictEqual((yield* warned.closed).code, 1001)
      assert.strictEqual((yield* old.closed).code, 1001)
    }))
})
