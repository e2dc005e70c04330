import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { connect, endpoints, follow, subscribeBoth, symbolOf } from "./client.ts"
import { assertSameTexts, dataOf, eventTexts } from "./received.ts"

const timings = { upbitSnapshotDelay: [5, 20], coinbaseTradeBatch: 30 } as const

describe("Simulator", () => {
  it.live("knows byte for byte what each client received, at a steady rate on all venues", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 500, timings, restartProbability: 0.01, coinbaseLevels: 50 })
      const clients = yield* Effect.forEach(endpoints, (endpoint) => follow(simulator.baseUrl, endpoint))
      const entriesOf = (connection: number, dataType: "orderbook" | "trade") =>
        simulator.ledger.entries({ connection }).filter((entry) => entry.dataType === dataType)
      yield* simulator.until(({ count }) =>
        count > 3_000 &&
        endpoints.every((_, index) =>
          entriesOf(index + 1, "orderbook").length > 10 && entriesOf(index + 1, "trade").length > 10
        )
      )
      yield* simulator.stopTraffic
      yield* simulator.flushed
      const total = simulator.ledger.count
      for (const [index, endpoint] of endpoints.entries()) {
        const entries = simulator.ledger.entries({ connection: index + 1 })
        const client = clients[index]
        if (client === undefined) continue
        let read = 0
        let events = 0
        yield* client.message(() => {
          while (read < client.texts.length) events += eventTexts(endpoint, client.texts.slice(read, ++read)).length
          return events >= entries.length
        })
        assertSameTexts(eventTexts(endpoint, client.texts), dataOf(entries), endpoint)
        for (const dataType of ["orderbook", "trade"] as const) {
          const feed = entries.filter((entry) => entry.dataType === dataType)
          assert.isAbove(feed.length, 10, `${endpoint} ${dataType}`)
          assert.strictEqual(new Set(dataOf(feed)).size, feed.length, `${endpoint} ${dataType}: equal events`)
          assert.isTrue(feed.every((entry) => entry.symbol === symbolOf[endpoint] && !entry.duplicate))
        }
      }
      assert.strictEqual(simulator.ledger.count, total)
    }))

  it.live("says in the ledger what the text says", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, timings })
      for (const endpoint of endpoints) yield* follow(simulator.baseUrl, endpoint)
      yield* simulator.until((ledger) =>
        ledger.connections().filter((each) => each.subscriptions.length === 2).length === 6
      )
      for (const venue of ["binance", "coinbase", "upbit", "okx", "bybit"] as const) {
        yield* simulator.produce(venue, symbolOf[venue], 50)
      }
      yield* simulator.stopTraffic
      const trades = simulator.ledger.entries({ dataType: "trade" })
      assert.isAbove(trades.length, 200)
      for (const { data, trade, venue } of trades) {
        const value = JSON.parse(data)
        const first = (...keys: ReadonlyArray<string>) =>
          keys.map((key) => value[key]).find((each) => each !== undefined)
        assert.strictEqual(trade?.price, Number(first("price", "trade_price", "px", "p")), venue)
        assert.strictEqual(trade?.size, Number(first("size", "trade_volume", "sz", "q", "v")), venue)
        const side = String(first("m", "side", "ask_bid", "S")).toLowerCase()
        const maker = venue === "coinbase"
        const sells = ["true", "ask", maker ? "buy" : "sell"].includes(side)
        assert.strictEqual(trade?.side, sells ? "sell" : "buy", venue)
      }
    }))

  it.live("makes the same market of the same seed", () =>
    Effect.gen(function*() {
      const withoutTimes = (data: string) => data.replaceAll(/"(?:E|T)":\d+/g, "")
      const record = (seed: string) =>
        Effect.scoped(Effect.gen(function*() {
          const simulator = yield* Simulator.make({ seed, rate: 0 })
          const client = yield* follow(simulator.baseUrl, "binance")
          yield* client.message("result")
          yield* simulator.produce("binance", "btcusdt", 100)
          return dataOf(simulator.ledger.entries()).map(withoutTimes)
        }))
      const one = yield* record("a")
      assertSameTexts(yield* record("a"), one)
      assert.notDeepEqual(yield* record("b"), one)
    }))

  it.live("lets two connections see the same trades", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0 })
      const clients = yield* Effect.forEach([1, 2], () => follow(simulator.baseUrl, "okx"))
      for (const client of clients) yield* client.message("\"event\":\"subscribe\",\"arg\":{\"channel\":\"trades\"")
      yield* simulator.produce("okx", "BTC-USDT", 30)
      const [one, two] = [1, 2].map((connection) => simulator.ledger.entries({ connection, dataType: "trade" }))
      assertSameTexts(dataOf(one ?? []), dataOf(two ?? []))
      assert.isAbove(one?.length ?? 0, 10)
    }))

  it.live("sends what is held for a batch before traffic stops, and before a stall", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, timings: { coinbaseTradeBatch: 60_000 } })
      const client = yield* follow(simulator.baseUrl, "coinbase")
      const batches = (count: number) =>
        client.messages(count, (text) => text.startsWith("{\"channel\":\"market_trades\""))
      yield* batches(1)
      yield* simulator.produce("coinbase", "BTC-USD", 10)
      yield* simulator.stopTraffic
      yield* batches(2)
      yield* simulator.produce("coinbase", "BTC-USD", 10)
      yield* simulator.faults.inject({ kind: "stall" })
      yield* batches(3)
    }))

  it.live("keeps control messages going while traffic is stopped", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 200, timings: { coinbaseHeartbeatEvery: 20 } })
      const client = yield* follow(simulator.baseUrl, "coinbase")
      yield* client.messages(20, (text) => text.includes("l2_data"))
      yield* simulator.stopTraffic
      const { count } = simulator.ledger
      const beats = client.texts.filter((text) => text.includes("heartbeat_counter")).length
      yield* client.messages(beats + 4, (text) => text.includes("heartbeat_counter"))
      assert.strictEqual(simulator.ledger.count, count)
      yield* simulator.resumeTraffic
      yield* simulator.until((ledger) => ledger.count > count)
    }))

  it.live("answers 404 to unknown paths and venues that are not simulated", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ venues: ["okx"] })
      for (const url of [simulator.baseUrl("binance"), `${simulator.baseUrl("okx")}/business`]) {
        assert.include((yield* Effect.flip(connect(url))).message, "404")
      }
      yield* connect(simulator.baseUrl("okx"))
    }))

  it.live("serves hundreds of symbols", () =>
    Effect.gen(function*() {
      const symbols = Array.from({ length: 300 }, (_, index) => `C${index}-USDT`)
      const simulator = yield* Simulator.make({ rate: 20, symbols: { okx: symbols } })
      const client = yield* connect(simulator.baseUrl("okx"))
      for (const symbol of symbols) for (const text of subscribeBoth("okx", symbol)) yield* client.send(text)
      yield* simulator.until((ledger) =>
        new Set(ledger.entries({ dataType: "trade" }).map((entry) => entry.symbol)).size === symbols.length
      )
    }))

  it.live("is a service for those who want one", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      const client = yield* follow(simulator.baseUrl, "upbit")
      yield* client.message("SNAPSHOT")
    }).pipe(Effect.provide(Simulator.layer({ timings }))))

  it.live("says which port is taken", () =>
    Effect.gen(function*() {
      const { port } = yield* Simulator.make()
      const error = yield* Effect.flip(Simulator.make({ port }))
      assert.strictEqual(
        error.message,
        `the simulator cannot start: port ${port} is in use, choose another with --port`
      )
    }))

  it.live("ends promptly with its scope, whatever hangs", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const simulator = yield* Simulator.make({ rate: 100 }).pipe(Scope.provide(scope))
      const client = yield* follow(simulator.baseUrl, "bybit")
      yield* simulator.faults.inject({ kind: "half-open" })
      yield* simulator.faults.refuse({ kind: "no-handshake" })
      yield* Effect.forkChild(Effect.ignore(connect(simulator.baseUrl("okx"))))
      yield* simulator.until((ledger) => ledger.refusals().length === 1)
      yield* Scope.close(scope, Exit.void).pipe(Effect.timeout("1 second"))
      assert.strictEqual((yield* client.closed).code, 1006)
      assert.isTrue((yield* Effect.exit(connect(simulator.baseUrl("okx"))))._tag === "Failure")
    }))
})
