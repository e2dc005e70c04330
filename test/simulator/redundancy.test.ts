import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { venues } from "../../src/domain/Venue.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { connect, follow, subscribeBoth, symbolOf } from "./client.ts"

const timings = { upbitSnapshotDelay: [1, 2], coinbaseTradeBatch: 20 } as const

/** A simulator with two ports, and a connection to the same symbol of a venue through each. */
const pair = Effect.fnUntraced(function*(venue: (typeof venues)[number], restartProbability = 0) {
  const simulator = yield* Simulator.make({ rate: 0, timings, listeners: 2, restartProbability })
  const first = yield* follow((endpoint) => simulator.baseUrl(endpoint, 0), venue)
  const second = yield* follow((endpoint) => simulator.baseUrl(endpoint, 1), venue)
  yield* simulator.until((ledger) => ledger.connections().every(({ subscriptions }) => subscriptions.length === 2))
  return { simulator, first, second }
})

describe("two ways to the same venue", () => {
  for (const venue of venues) {
    it.live(`${venue}: the same trades and books with the same ids`, () =>
      Effect.gen(function*() {
        const { simulator } = yield* pair(venue, venue === "okx" || venue === "bybit" ? 0.02 : 0)
        yield* simulator.produce(venue, symbolOf[venue], 300)
        yield* simulator.stopTraffic
        const told = (connection: number, dataType: "trade" | "orderbook") =>
          simulator.ledger.entries({ connection, dataType }).filter(({ history }) => !history)
        const trades = [1, 2].map((connection) => told(connection, "trade").map(({ sequenceId }) => sequenceId))
        assert.isAbove(trades[0]?.length ?? 0, 100)
        // Upbit alone allows itself to send a trade after the next one, on one connection and not on the other.
        if (venue === "upbit") assert.notDeepEqual(trades[0], trades[1])
        assert.deepStrictEqual(trades[0]?.toSorted(), trades[1]?.toSorted())
        if (venue !== "upbit") assert.deepStrictEqual(trades[0], trades[1])
        if (venue === "coinbase" || venue === "upbit") return
        const books = [1, 2].map((connection) => told(connection, "orderbook").slice(-300))
        assert.deepStrictEqual(
          books[0]?.map(({ sequenceId }) => sequenceId),
          books[1]?.map(({ sequenceId }) => sequenceId)
        )
        assert.deepStrictEqual(books[0]?.map(({ data }) => data), books[1]?.map(({ data }) => data))
        const changes = simulator.bookChanges(venue, symbolOf[venue]).slice(-300)
        assert.deepStrictEqual(
          books[0]?.map(({ sequenceId }) => Number(sequenceId)),
          changes.map(({ cursor, version }) => venue === "bybit" ? version : cursor)
        )
      }))
  }

  it.live("coinbase: each connection counts for itself, heartbeats and acknowledgements included", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, timings: { ...timings, coinbaseHeartbeatEvery: 15 } })
      const first = yield* follow(simulator.baseUrl, "coinbase")
      yield* first.messages(5, (text) => text.includes("heartbeat_counter"))
      const second = yield* follow(simulator.baseUrl, "coinbase")
      yield* second.messages(3, (text) => text.includes("heartbeat_counter"))
      for (const { texts } of [first, second]) {
        assert.deepStrictEqual(texts.map((text) => JSON.parse(text).sequence_num), texts.map((_, index) => index))
      }
    }))

  it.live("fail in turn, by number", () =>
    Effect.gen(function*() {
      const { first, second, simulator } = yield* pair("okx")
      const { inject } = simulator.faults
      yield* follow(simulator.baseUrl, "bybit")
      const target = { venue: "okx", symbol: "BTC-USDT", dataType: "trade" } as const
      assert.strictEqual(yield* inject({ kind: "disconnect" }, { ...target, nth: 3 }), 0)
      assert.strictEqual(yield* inject({ kind: "disconnect" }, { ...target, nth: 2 }), 1)
      yield* second.closed
      assert.strictEqual(first.socket.readyState, 1)
      const third = yield* follow(simulator.baseUrl, "okx")
      yield* third.message("\"channel\":\"trades\"")
      // What is gone is not counted: the next one is the second now.
      assert.strictEqual(yield* inject({ kind: "disconnect" }, { ...target, nth: 2 }), 1)
      yield* third.closed
      assert.strictEqual(yield* inject({ kind: "disconnect" }, { ...target, nth: 1 }), 1)
      yield* first.closed
    }))

  it.live("fail in turn, by port, host, path and query", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, listeners: 2 })
      const urls = [
        simulator.baseUrl("binance", 0),
        simulator.baseUrl("binance", 1),
        `${simulator.baseUrl("binance", 0)}?way=b`,
        `ws://127.0.0.1:${simulator.port}/ws`
      ]
      const clients = yield* Effect.forEach(urls, (url) => connect(url))
      for (const client of clients) {
        yield* client.send(subscribeBoth("binance", "btcusdt")[0] ?? "")
        yield* client.message("result")
      }
      const { inject } = simulator.faults
      const host = new URL(simulator.baseUrl("binance", 1)).host
      const targets = [{ path: "/ws" }, { query: "way=b" }, { host }, { listener: 0 }]
      for (const [index, target] of targets.entries()) {
        assert.strictEqual(
          yield* inject({ kind: "abrupt" }, { symbol: "btcusdt", ...target }),
          1,
          JSON.stringify(target)
        )
        yield* (clients[[3, 2, 1, 0][index] ?? 0] ?? assert.fail("no client")).closed
      }
      assert.deepStrictEqual(
        simulator.ledger.connections().map(({ address }) => [address.listener, address.path + address.query]),
        [
          [0, "/stream"],
          [1, "/stream"],
          [0, "/stream?way=b"],
          [0, "/ws"]
        ]
      )
    }))

  it.live("refuse handshakes, subscriptions and requests of one port while the other works", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, listeners: 2 })
      yield* simulator.faults.refuse({ kind: "refuse", status: 503 }, { listener: 0, venue: "okx" })
      assert.include((yield* Effect.flip(connect(simulator.baseUrl("okx", 0)))).message, "503")
      yield* connect(simulator.baseUrl("okx", 1))
      yield* connect(simulator.baseUrl("bybit", 0))
      yield* simulator.faults.lift
      yield* simulator.faults.reject({ listener: 1 })
      const refused = yield* follow((endpoint) => simulator.baseUrl(endpoint, 1), "okx")
      yield* refused.message("60018")
      const accepted = yield* follow((endpoint) => simulator.baseUrl(endpoint, 0), "okx")
      yield* accepted.message("\"event\":\"subscribe\"")
    }))

  it.live("suffer what is scheduled for the second connection alone", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({
        rate: 200,
        faults: [{ fault: { kind: "duplicate" }, target: { venue: "bybit", nth: 2 }, when: { probability: 0.5 } }]
      })
      for (let i = 0; i < 3; i++) {
        const client = yield* follow(simulator.baseUrl, "bybit")
        yield* client.message("success")
      }
      yield* simulator.until((ledger) => ledger.count > 600)
      const doubled = new Set(
        simulator.ledger.entries().filter((each) => each.duplicate).map((each) => each.connection)
      )
      assert.deepStrictEqual([...doubled], [2])
    }))
})

describe("trades that are numbered anew", () => {
  for (const venue of venues) {
    it.live(`${venue}: ids begin low and go on, and so does the time`, () =>
      Effect.gen(function*() {
        const { simulator } = yield* pair(venue)
        const symbol = symbolOf[venue]
        yield* simulator.produce(venue, symbol, 20)
        const before = simulator.trades(venue, symbol)
        assert.strictEqual(yield* simulator.faults.inject({ kind: "restart-trades" }, { nth: 1 }), 1)
        yield* simulator.produce(venue, symbol, 40)
        yield* simulator.stopTraffic
        const after = simulator.trades(venue, symbol).slice(before.length)
        assert.isBelow(Number(after[0]?.id), 100_000)
        assert.isAbove(Number(before.at(-1)?.id), 1_000_000_000)
        for (const [index, trade] of after.entries()) {
          const earlier = after[index - 1] ?? { id: "0", atMillis: before.at(-1)?.atMillis ?? 0 }
          assert.isAbove(Number(trade.id), Number(earlier.id))
          assert.isAtLeast(trade.atMillis, earlier.atMillis)
        }
        for (const connection of [1, 2]) {
          const ids = simulator.ledger.entries({ connection, dataType: "trade" }).map(({ sequenceId }) => sequenceId)
          assert.includeMembers(ids, [after.at(-1)?.id])
        }
      }))
  }
})

describe("lifetimes", () => {
  const lifetimes = {
    binanceLifetime: 300,
    coinbaseLifetime: 300,
    upbitLifetime: 300,
    okxLifetime: 300,
    bybitLifetime: 300,
    noticeLead: 150
  }

  for (const venue of venues) {
    it.live(`${venue}: a connection ends when it has lived long enough`, () =>
      Effect.gen(function*() {
        const simulator = yield* Simulator.make({ rate: 0, timings: { ...timings, ...lifetimes } })
        const client = yield* follow(simulator.baseUrl, venue)
        assert.strictEqual((yield* client.closed).code, venue === "okx" ? 4006 : 1001)
        yield* simulator.until((ledger) => ledger.connections()[0]?.closedAt !== null)
        const [record] = simulator.ledger.connections()
        const lived = (record?.closedAt ?? 0) - (record?.openedAt ?? 0)
        assert.isAtLeast(lived, 299)
        assert.strictEqual(record?.end, "server-close")
        // Only OKX tells of it before.
        const notices = client.texts.filter((text) => text.includes("64008") || text.includes("serverShutdown"))
        assert.strictEqual(notices.length, venue === "okx" ? 1 : 0)
      }))
  }

  it.live("a notice says how long before the end it comes", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, timings: { noticeLead: 60_000 } })
      for (const venue of ["binance", "okx"] as const) {
        const client = yield* follow(simulator.baseUrl, venue)
        yield* client.message(venue === "okx" ? "event" : "result")
        yield* simulator.faults.inject({ kind: "notice", leadMillis: 30 }, { venue })
        yield* client.message(venue === "okx" ? "64008" : "serverShutdown")
        yield* client.closed
      }
      const silent = yield* follow(simulator.baseUrl, "bybit")
      yield* silent.message("success")
      yield* simulator.faults.inject({ kind: "notice", leadMillis: 1 }, { venue: "bybit" })
      yield* simulator.produce("bybit", "BTCUSDT", 20)
      yield* silent.message("publicTrade")
      assert.strictEqual(silent.socket.readyState, 1)
    }))
})
