import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Timings } from "../../../src/simulator/SimulatorOptions.ts"
import * as Simulator from "../../../src/simulator/Simulator.ts"
import { connect } from "../client.ts"

const start = (timings: Partial<Timings> = {}) =>
  Simulator.make({ rate: 0, timings: { upbitSnapshotDelay: [10, 30], upbitErrorClose: 10, ...timings } })

const request = (...parts: ReadonlyArray<object>) => JSON.stringify([{ ticket: "t" }, ...parts])

describe("Upbit session", () => {
  it.live("speaks in binary frames, a snapshot first, and says nothing of unknown codes", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("upbit"))
      yield* client.send(request({ type: "orderbook", codes: ["KRW-NOPE", "krw-btc", "KRW-BTC"] }))
      yield* client.message("SNAPSHOT")
      yield* simulator.produce("upbit", "KRW-BTC", 2)
      yield* client.messages(3, () => true)
      assert.deepStrictEqual(
        client.texts.map((text) => [JSON.parse(text).code, JSON.parse(text).stream_type]),
        [["KRW-BTC", "SNAPSHOT"], ["KRW-BTC", "REALTIME"], ["KRW-BTC", "REALTIME"]]
      )
      assert.isTrue(client.binaries.every(Boolean))
    }))

  it.live("shows the last trade first; the two flags choose between past and present", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const both = yield* connect(simulator.baseUrl("upbit"))
      yield* both.send(request({ type: "trade", codes: ["KRW-BTC"] }))
      const past = yield* connect(simulator.baseUrl("upbit"))
      yield* past.send(request({ type: "trade", codes: ["KRW-BTC"], is_only_snapshot: true }))
      const present = yield* connect(simulator.baseUrl("upbit"))
      yield* present.send(request({ type: "trade", codes: ["KRW-BTC"], is_only_realtime: true }))
      yield* both.message("SNAPSHOT")
      yield* past.message("SNAPSHOT")
      yield* simulator.until((ledger) => ledger.connections()[2]?.subscriptions.length === 1)
      yield* simulator.produce("upbit", "KRW-BTC", 20)
      yield* simulator.stopTraffic
      yield* both.message("REALTIME")
      yield* present.message("REALTIME")
      assert.strictEqual(past.texts.length, 1)
      assert.isFalse(present.texts.some((text) => text.includes("SNAPSHOT")))
      assert.strictEqual(simulator.ledger.entries({ connection: 1 })[0]?.history, true)
    }))

  it.live("replaces the subscription with every request", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("upbit"))
      yield* client.send(request({ type: "orderbook", codes: ["KRW-BTC"] }))
      yield* client.message("KRW-BTC")
      yield* client.send(request({ type: "orderbook", codes: ["KRW-ETH.5"] }))
      const snapshot = yield* client.message("KRW-ETH")
      assert.strictEqual(JSON.parse(snapshot).orderbook_units.length, 5)
      yield* simulator.produce("upbit", "KRW-BTC", 3)
      yield* simulator.produce("upbit", "KRW-ETH", 1)
      yield* client.messages(2, (text) => text.includes("KRW-ETH"))
      assert.strictEqual(client.texts.length, 3)
      yield* client.send(JSON.stringify([{ method: "LIST_SUBSCRIPTIONS" }, { ticket: "u" }]))
      assert.strictEqual(
        yield* client.message("method"),
        `{"method":"LIST_SUBSCRIPTIONS","result":[{"type":"orderbook","codes":["KRW-ETH.5"],"level":0}],"ticket":"u"}`
      )
    }))

  it.live("forgets a request that is replaced before it took effect", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("upbit"))
      yield* client.send(request({ type: "orderbook", codes: ["KRW-BTC"] }))
      yield* client.send(request({ type: "orderbook", codes: ["KRW-ETH"] }))
      yield* client.message("KRW-ETH")
      yield* simulator.produce("upbit", "KRW-BTC", 6)
      yield* simulator.produce("upbit", "KRW-ETH", 6)
      yield* client.messages(7, (text) => text.includes("KRW-ETH"))
      assert.strictEqual(client.texts.length, 7)
    }))

  it.live("delivers some trades late, and every one of them", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("upbit"))
      yield* client.send(request({ type: "trade", codes: ["KRW-BTC"] }))
      yield* client.message("SNAPSHOT")
      yield* simulator.produce("upbit", "KRW-BTC", 1_000)
      yield* simulator.stopTraffic
      const { count } = simulator.ledger
      yield* client.messages(count, () => true)
      const ids = client.texts.slice(1).map((text) => BigInt(/"sequential_id":(\d{17}),/.exec(text)?.[1] ?? 0))
      const late = ids.filter((id, index) => id < (ids[index - 1] ?? 0n)).length
      assert.isAbove(late, 3)
      assert.isBelow(late, 50)
      assert.strictEqual(new Set(ids).size, ids.length)
    }))

  for (
    const [problem, text, name] of [
      ["no ticket", JSON.stringify([{ type: "trade", codes: ["KRW-BTC"] }]), "NO_TICKET"],
      ["no array", "{}", "WRONG_FORMAT"],
      ["an unknown type", request({ type: "nope", codes: ["KRW-BTC"] }), "INVALID_PARAM"],
      ["no type", request(), "NO_TYPE"],
      ["no codes", request({ type: "trade" }), "NO_CODES"]
    ] as const
  ) {
    it.live(`answers ${problem} with an error and closes with 1000`, () =>
      Effect.gen(function*() {
        const simulator = yield* start()
        const client = yield* connect(simulator.baseUrl("upbit"))
        yield* client.send(text)
        assert.strictEqual(JSON.parse(yield* client.message("error")).error.name, name)
        assert.strictEqual((yield* client.closed).code, 1000)
      }))
  }

  it.live("answers PING with UP, again and again, and drops who is silent without a close frame", () =>
    Effect.gen(function*() {
      const simulator = yield* start({ upbitUpEvery: 20, upbitIdle: 300 })
      const client = yield* connect(simulator.baseUrl("upbit"))
      const idle = yield* connect(simulator.baseUrl("upbit"))
      yield* client.send("PING")
      yield* client.messages(3, (text) => text === `{"status":"UP"}`)
      assert.strictEqual((yield* idle.closed).code, 1006)
      yield* simulator.until((ledger) => ledger.connections()[1]?.end === "server-close")
      assert.isNull(simulator.ledger.connections()[0]?.end)
    }))
})
