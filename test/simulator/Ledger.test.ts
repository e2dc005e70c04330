import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { follow } from "./client.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "ledger-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

describe("Ledger", () => {
  it.live("writes to a file what it keeps in memory, before the client can have read it", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "ledger.ndjson")
      const simulator = yield* Simulator.make({ rate: 0, ledger: { path } })
      const client = yield* follow(simulator.baseUrl, "bybit")
      yield* client.message("success")
      yield* simulator.produce("bybit", "BTCUSDT", 100)
      const lines = () => readFileSync(path, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line))
      yield* client.message("publicTrade.BTCUSDT\",\"ts")
      const events = lines().filter(({ line }) => line === "event")
      assert.deepStrictEqual(events, simulator.ledger.entries().map((entry) => Object.assign({ line: "event" }, entry)))
      yield* simulator.faults.inject({ kind: "disconnect" })
      yield* client.closed
      yield* simulator.until((ledger) => ledger.connections()[0]?.end !== null)
      assert.deepStrictEqual(
        lines().filter(({ line }) => line !== "event").map(({ line }) => line),
        ["opened", "subscribed", "subscribed", "closed"]
      )
    }))

  it.live("can count without keeping", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 0, ledger: { keep: false } })
      const client = yield* follow(simulator.baseUrl, "okx")
      yield* client.message("trades")
      yield* simulator.produce("okx", "BTC-USDT", 10)
      assert.isAbove(simulator.ledger.count, 10)
      assert.strictEqual(simulator.ledger.entries().length, 0)
    }))

  it.live("says where it cannot write", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "missing", "ledger.ndjson")
      const error = yield* Effect.flip(Simulator.make({ ledger: { path } }))
      assert.include(error.message, `cannot write the ledger ${path}`)
    }))

  it.live("tells how a client left, and whether it may have left something unread", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 100 })
      const clients = yield* Effect.forEach([1, 2, 3], () => follow(simulator.baseUrl, "bybit"))
      for (const client of clients) yield* client.messages(5, () => true)
      clients[0]?.socket.close(1000)
      clients[1]?.socket.terminate()
      yield* simulator.until((ledger) => ledger.connections().filter((each) => each.end !== null).length === 2)
      yield* simulator.stopTraffic
      clients[2]?.socket.close(1000)
      yield* simulator.until((ledger) => ledger.connections().every((each) => each.end !== null))
      assert.deepStrictEqual(simulator.ledger.connections().map(({ end, suffixMayBeLost }) => [end, suffixMayBeLost]), [
        ["clean", true],
        ["client-drop", true],
        ["clean", false]
      ])
    }))
})
