import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { ConnectionFault } from "../../src/simulator/Fault.ts"
import type { PartialSimulatorOptions } from "../../src/simulator/SimulatorOptions.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { connect, endpoints, follow } from "./client.ts"
import { assertSameTexts, dataOf, eventTexts } from "./received.ts"

/** A simulator with one Binance connection that follows the book and the trades. */
const start = Effect.fnUntraced(function*(options: PartialSimulatorOptions = {}) {
  const simulator = yield* Simulator.make({ rate: 0, ...options })
  const client = yield* follow(simulator.baseUrl, "binance")
  yield* client.message("result")
  const produce = (steps: number) => simulator.produce("binance", "btcusdt", steps)
  const inject = (fault: ConnectionFault) => simulator.faults.inject(fault)
  const received = () => eventTexts("binance", client.texts)
  const sent = () => dataOf(simulator.ledger.entries())
  const arrived = client.message(() => received().length >= simulator.ledger.count)
  return { simulator, client, produce, inject, received, sent, arrived }
})

const isTrade = (text: string) => text.includes("\"e\":\"trade\"")

describe("connection faults", () => {
  it.live("disconnect: everything sent is read, then a close frame", () =>
    Effect.gen(function*() {
      const { client, inject, produce, received, sent, simulator } = yield* start()
      yield* produce(200)
      assert.strictEqual(yield* inject({ kind: "disconnect", code: 1012, reason: "restart" }), 1)
      yield* produce(10)
      assert.deepStrictEqual(yield* client.closed, { code: 1012, reason: "restart" })
      assertSameTexts(received(), sent())
      yield* simulator.until((ledger) => ledger.connections()[0]?.end === "fault:disconnect")
      assert.isFalse(simulator.ledger.connections()[0]?.suffixMayBeLost)
    }))

  it.live("abrupt: at most a suffix is missing, and the ledger says so", () =>
    Effect.gen(function*() {
      const { client, inject, produce, received, sent, simulator } = yield* start()
      yield* produce(2_000)
      yield* inject({ kind: "abrupt" })
      assert.strictEqual((yield* client.closed).code, 1006)
      assertSameTexts(received(), sent().slice(0, received().length))
      yield* simulator.until((ledger) => ledger.connections()[0]?.end === "fault:abrupt")
      assert.isTrue(simulator.ledger.connections()[0]?.suffixMayBeLost)
    }))

  it.live("stall: market data stops, replies go on, later data has a hole", () =>
    Effect.gen(function*() {
      const { arrived, client, inject, produce, received, sent, simulator } = yield* start()
      yield* produce(6)
      yield* inject({ kind: "stall" })
      const before = simulator.ledger.count
      yield* produce(6)
      yield* client.send(JSON.stringify({ method: "LIST_SUBSCRIPTIONS", id: 77 }))
      yield* client.message("\"id\":77")
      assert.strictEqual(simulator.ledger.count, before)
      yield* simulator.faults.lift
      yield* produce(6)
      yield* arrived
      assertSameTexts(received(), sent())
      assert.isAbove(simulator.ledger.count, before)
    }))

  it.live("stall: does not disturb the numbering of a Coinbase connection", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, timings: { coinbaseHeartbeatEvery: 20 } })
      const client = yield* follow(simulator.baseUrl, "coinbase")
      yield* client.message("heartbeat_counter")
      yield* simulator.produce("coinbase", "BTC-USD", 5)
      yield* simulator.faults.inject({ kind: "stall" })
      yield* simulator.produce("coinbase", "BTC-USD", 5)
      const before = client.texts.length
      yield* client.messages(before + 5, () => true)
      const numbers = client.texts.map((text) => JSON.parse(text).sequence_num)
      assert.deepStrictEqual(numbers, numbers.map((_, index) => index))
    }))

  it.live("stall and half-open: the signs of life of a quiet market stop too", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, timings: { okxKeepAlive: 10, upbitIdle: 30 } })
      const clients = yield* Effect.forEach([1, 2, 3], () => follow(simulator.baseUrl, "okx"))
      for (const client of clients) yield* client.message("\"asks\":[],\"bids\":[]")
      const frozen = yield* connect(simulator.baseUrl("upbit"))
      yield* simulator.faults.inject({ kind: "stall" }, { connection: 1 })
      yield* simulator.faults.inject({ kind: "half-open" }, { connection: 2 })
      yield* simulator.faults.inject({ kind: "half-open" }, { connection: 4 })
      const counts = () => [1, 2, 3].map((connection) => simulator.ledger.entries({ connection }).length)
      const before = counts()
      yield* simulator.until(() => (counts()[2] ?? 0) > (before[2] ?? 0) + 6)
      assert.deepStrictEqual(counts().slice(0, 2), before.slice(0, 2))
      assert.strictEqual(frozen.socket.readyState, 1)
    }))

  it.live("half-open: no data, no reply, no pong, no close", () =>
    Effect.gen(function*() {
      const { client, inject, produce, simulator } = yield* start({ timings: { binancePingEvery: 50 } })
      const other = yield* follow(simulator.baseUrl, "binance")
      yield* other.message("result")
      let pongs = 0
      client.socket.on("pong", () => pongs++)
      yield* simulator.faults.inject({ kind: "half-open" }, { connection: 1 })
      const before = client.texts.length
      client.socket.ping()
      yield* client.send(JSON.stringify({ method: "LIST_SUBSCRIPTIONS", id: 9 }))
      client.socket.close(1000)
      yield* produce(6)
      yield* other.message(isTrade)
      yield* inject({ kind: "stall", forMillis: 1 })
      assert.deepStrictEqual([client.texts.length, pongs, client.socket.readyState], [before, 0, 2])
      assert.strictEqual(simulator.ledger.entries({ connection: 1 }).length, 0)
      client.socket.terminate()
      yield* simulator.until((ledger) => ledger.connections()[0]?.end === "fault:half-open")
    }))

  it.live("hang-close: the client's close frame stays unanswered", () =>
    Effect.gen(function*() {
      const { client, inject, produce, simulator } = yield* start()
      yield* inject({ kind: "hang-close" })
      client.socket.close(1000)
      yield* simulator.faults.inject({ kind: "garbage" }, { connection: 1 })
      yield* produce(6)
      assert.strictEqual(client.socket.readyState, 2)
      client.socket.terminate()
      yield* simulator.until((ledger) => ledger.connections()[0]?.end === "fault:hang-close")
    }))

  for (const form of ["broken-json", "binary", "unknown", "huge"] as const) {
    it.live(`garbage: ${form}`, () =>
      Effect.gen(function*() {
        const { arrived, client, inject, produce, received, sent } = yield* start()
        yield* produce(6)
        yield* inject({ kind: "garbage", form })
        yield* produce(6)
        yield* arrived
        assertSameTexts(received(), sent())
        assert.strictEqual(client.texts.length, sent().length + 2)
        assert.strictEqual(client.binaries.filter(Boolean).length, form === "binary" ? 1 : 0)
        assert.strictEqual(client.texts.some((text) => text.length > 4_000_000), form === "huge")
      }))
  }

  it.live("gap: messages are counted by the venue and never sent", () =>
    Effect.gen(function*() {
      const { arrived, client, inject, produce, received, sent } = yield* start()
      yield* produce(10)
      yield* inject({ kind: "gap", count: 20 })
      yield* produce(40)
      yield* arrived
      assertSameTexts(received(), sent())
      const ids = client.texts.filter(isTrade).map((text) => JSON.parse(text).data.t)
      const holes = ids.filter((id, index) => index > 0 && id !== ids[index - 1] + 1)
      assert.strictEqual(holes.length, 1)
    }))

  it.live("gap: shows in the numbering of a Coinbase connection", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, timings: { coinbaseHeartbeatEvery: 20 } })
      const client = yield* follow(simulator.baseUrl, "coinbase")
      yield* client.message("heartbeat_counter")
      yield* simulator.faults.inject({ kind: "gap", count: 3 })
      yield* simulator.produce("coinbase", "BTC-USD", 5)
      const before = client.texts.length
      yield* client.messages(before + 3, () => true)
      const numbers = client.texts.map((text) => JSON.parse(text).sequence_num)
      assert.strictEqual(numbers.at(-1), numbers.length - 1 + 3)
    }))

  it.live("duplicate: one message twice, and twice in the ledger", () =>
    Effect.gen(function*() {
      const { arrived, inject, produce, received, sent, simulator } = yield* start()
      yield* produce(6)
      yield* inject({ kind: "duplicate" })
      yield* produce(6)
      yield* arrived
      assertSameTexts(received(), sent())
      assert.strictEqual(new Set(sent()).size, sent().length - 1)
      assert.strictEqual(simulator.ledger.entries().filter((entry) => entry.duplicate).length, 1)
    }))

  it.live("reorder: one message is overtaken, in the ledger too", () =>
    Effect.gen(function*() {
      const { arrived, inject, produce, received, sent } = yield* start()
      yield* inject({ kind: "reorder" })
      yield* produce(6)
      yield* arrived
      assertSameTexts(received(), sent())
      const books = sent().filter((data) => data.startsWith("{\"lastUpdateId\"")).map((data) =>
        JSON.parse(data).lastUpdateId
      )
      const all = sent().map((data) => data.slice(0, 40))
      assert.isTrue(
        books.some((id, index) => index > 0 && id < books[index - 1]) || all[0]?.includes("trade") === true
      )
    }))

  it.live("reach only what they are aimed at", () =>
    Effect.gen(function*() {
      const { client, simulator } = yield* start()
      const other = yield* follow(simulator.baseUrl, "okx")
      yield* other.message("subscribe")
      assert.strictEqual(yield* simulator.faults.inject({ kind: "abrupt" }, { symbol: "ethusdt" }), 0)
      assert.strictEqual(yield* simulator.faults.inject({ kind: "abrupt" }, { venue: "bybit" }), 0)
      assert.strictEqual(
        yield* simulator.faults.inject({ kind: "abrupt" }, { symbol: "btcusdt", dataType: "trade" }),
        1
      )
      yield* client.closed
      assert.strictEqual(other.socket.readyState, 1)
    }))
})

describe("scheduled faults", () => {
  it.live("come at intervals, and with a share of the messages", () =>
    Effect.gen(function*() {
      const { inject, simulator } = yield* start({
        rate: 200,
        faults: [
          { fault: { kind: "duplicate" }, when: { probability: 0.2 } },
          { fault: { kind: "garbage", form: "unknown" }, when: { everyMillis: 20 } }
        ]
      })
      yield* simulator.until((ledger) => ledger.count > 150)
      const share = simulator.ledger.entries().filter((entry) => entry.duplicate).length / simulator.ledger.count
      assert.isAbove(share, 0.05)
      assert.isBelow(share, 0.4)
      assert.strictEqual(yield* inject({ kind: "disconnect" }), 1)
    }))
})

describe("handshake faults", () => {
  it.live("refuse with a status and a Retry-After, as often as told", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0 })
      yield* simulator.faults.refuse({ kind: "refuse", status: 429, retryAfterSecs: 7 }, { venue: "binance", times: 2 })
      const answer = () =>
        Effect.callback<string>((resume) => {
          const url = simulator.baseUrl("binance").replace("ws:", "http:")
          const upgrade = { connection: "Upgrade", upgrade: "websocket" }
          import("node:http").then(({ get }) =>
            get(
              url,
              { headers: upgrade },
              (response) => resume(Effect.succeed(`${response.statusCode} ${response.headers["retry-after"]}`))
            )
          )
        })
      assert.strictEqual(yield* answer(), "429 7")
      assert.include((yield* Effect.flip(connect(simulator.baseUrl("binance")))).message, "429")
      yield* connect(simulator.baseUrl("binance"))
      assert.deepStrictEqual(simulator.ledger.refusals().map(({ outcome, venue }) => [venue, outcome]), [
        ["binance", 429],
        ["binance", 429]
      ])
    }))

  it.live("close the connection, or never answer, until lifted", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0 })
      yield* simulator.faults.refuse({ kind: "tcp-close" }, { venue: "okx" })
      assert.include((yield* Effect.flip(connect(simulator.baseUrl("okx")))).message, "socket hang up")
      yield* simulator.faults.refuse({ kind: "no-handshake" }, { venue: "upbit" })
      const waiting = yield* Effect.forkChild(connect(simulator.baseUrl("upbit")))
      yield* simulator.until((ledger) => ledger.refusals().length === 2)
      assert.isUndefined(waiting.pollUnsafe())
      yield* connect(simulator.baseUrl("bybit"))
      yield* simulator.faults.lift
      yield* connect(simulator.baseUrl("okx"))
      assert.strictEqual(simulator.ledger.connections().length, 2)
    }))
})

describe("rejected subscriptions", () => {
  const refusals = {
    binance: "invalid stream",
    coinbase: "authentication failure",
    "coinbase-exchange": "BTC-USD is not a valid product",
    upbit: "NO_CODES",
    okx: "60018",
    bybit: "Invalid symbol :["
  }

  for (const endpoint of endpoints) {
    it.live(`${endpoint}: in the venue's own words, and only as often as told`, () =>
      Effect.gen(function*() {
        const simulator = yield* Simulator.make({
          rate: 100,
          timings: { upbitErrorClose: 10, upbitSnapshotDelay: [1, 2] }
        })
        yield* simulator.faults.reject({ times: 1 })
        const refused = yield* follow(simulator.baseUrl, endpoint)
        yield* refused.message(refusals[endpoint])
        const next = yield* follow(simulator.baseUrl, endpoint)
        yield* next.message(() => eventTexts(endpoint, next.texts).length > 3)
      }))
  }
})
