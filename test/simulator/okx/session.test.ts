import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Timings } from "../../../src/simulator/SimulatorOptions.ts"
import * as Simulator from "../../../src/simulator/Simulator.ts"
import { connect } from "../client.ts"

const start = (timings: Partial<Timings> = {}) => Simulator.make({ rate: 0, timings })

const subscribe = (args: ReadonlyArray<readonly [channel: string, instId: string]>, id?: string) =>
  JSON.stringify({ id, op: "subscribe", args: args.map(([channel, instId]) => ({ channel, instId })) })

const isBook = (text: string) => text.includes("\"action\"")

describe("OKX session", () => {
  it.live("acknowledges each argument, and refuses only the wrong one", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("okx"))
      yield* client.send(subscribe([["books", "BTC-USDT"], ["trades", "NOPE-USDT"], ["trades-all", "BTC-USDT"], [
        "trades",
        "BTC-USDT"
      ]], "1512"))
      yield* client.message(`"arg":{"channel":"trades","instId":"BTC-USDT"}`)
      const replies = client.texts.filter((text) => !isBook(text)).map((text) => JSON.parse(text))
      assert.deepStrictEqual(replies.map(({ event, id }) => [event, id]), [
        ["subscribe", "1512"],
        ["error", "1512"],
        ["error", "1512"],
        ["subscribe", "1512"]
      ])
      assert.strictEqual(replies[1].code, "60018")
      assert.include(replies[1].msg, "channel:trades,instId:NOPE-USDT doesn't exist")
      yield* client.send("{\"op\":\"sing\"}")
      assert.strictEqual(JSON.parse(yield* client.message("60012")).event, "error")
    }))

  it.live("chains updates to a snapshot, through a reset, and sends a snapshot to who subscribes again", () =>
    Effect.gen(function*() {
      const simulator = yield* start()
      const client = yield* connect(simulator.baseUrl("okx"))
      yield* client.send(subscribe([["books", "BTC-USDT"]]))
      yield* client.message("snapshot")
      yield* simulator.produce("okx", "BTC-USDT", 10)
      yield* simulator.faults.inject({ kind: "restart" })
      yield* simulator.produce("okx", "BTC-USDT", 10)
      yield* client.messages(21, isBook)
      const books = client.texts.filter(isBook).map((text) => JSON.parse(text).data[0])
      assert.strictEqual(books[0].prevSeqId, -1)
      let smaller = 0
      for (const [index, book] of books.slice(1).entries()) {
        assert.strictEqual(book.prevSeqId, books[index].seqId)
        if (book.seqId < book.prevSeqId) smaller++
      }
      assert.strictEqual(smaller, 1)
      yield* client.send(subscribe([["books", "BTC-USDT"]]))
      yield* client.messages(2, (text) => text.includes("\"action\":\"snapshot\""))
    }))

  it.live("answers ping with bare text, and closes who is silent with 4004", () =>
    Effect.gen(function*() {
      const simulator = yield* start({ okxIdle: 300 })
      const client = yield* connect(simulator.baseUrl("okx"))
      yield* client.send("ping")
      yield* client.message((text) => text === "pong")
      assert.deepStrictEqual(yield* client.closed, { code: 4004, reason: "No data received in 30s" })
    }))

  it.live("sends an empty update where nothing changes", () =>
    Effect.gen(function*() {
      const simulator = yield* start({ okxKeepAlive: 50 })
      const client = yield* connect(simulator.baseUrl("okx"))
      yield* client.send(subscribe([["books", "BTC-USDT"]]))
      const [snapshot, first] = (yield* client.messages(3, isBook)).map((text) => JSON.parse(text).data[0])
      assert.deepStrictEqual([first.asks, first.bids, first.seqId, first.prevSeqId], [
        [],
        [],
        snapshot.seqId,
        snapshot.seqId
      ])
      assert.strictEqual(simulator.ledger.entries().length, simulator.ledger.count)
    }))

  it.live("announces an upgrade, then closes", () =>
    Effect.gen(function*() {
      const simulator = yield* start({ noticeLead: 30 })
      const client = yield* connect(simulator.baseUrl("okx"))
      yield* simulator.faults.inject({ kind: "notice" })
      assert.strictEqual(JSON.parse(yield* client.message("notice")).code, "64008")
      yield* client.closed
    }))
})
