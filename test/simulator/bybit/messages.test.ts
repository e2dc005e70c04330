import { assert, describe, it } from "@effect/vitest"
import * as messages from "../../../src/simulator/bybit/messages.ts"
import { shape, someMarket } from "../shape.ts"

const market = someMarket("bybit", "BTCUSDT", 50)

describe("Bybit messages", () => {
  it("orderbook: ts before type, u one more each time", () => {
    const seen =
      `{"topic":"orderbook.50.BTCUSDT","ts":1787612486096,"type":"snapshot","data":{"s":"BTCUSDT","b":[["78715","1.271882"],["78713.8","0.050215"]],"a":[["78715.1","0.039135"],["78716.4","0.011322"]],"u":217107084,"seq":113099229623},"cts":1787612486094}`
    const snapshot = messages.snapshot("BTCUSDT", market, 1_790_000_001_000)
    assert.strictEqual(shape(snapshot.data), shape(seen))
    const { change } = market.step(1_790_000_002_000)
    const delta = messages.change("BTCUSDT", market, change)
    assert.strictEqual(JSON.parse(delta.data).type, "delta")
    assert.strictEqual(Number(delta.sequenceId), Number(snapshot.sequenceId) + 1)
    assert.strictEqual(delta.timestampExchange, JSON.parse(delta.data).cts * 1_000)
    assert.isFalse(delta.isSnapshot)
  })

  it("orderbook: a restart is a snapshot with u 1", () => {
    const restarting = someMarket("bybit", "ETHUSDT", 50)
    restarting.restart()
    const row = messages.change("ETHUSDT", restarting, restarting.step(1_790_000_003_000).change)
    const value = JSON.parse(row.data)
    assert.deepStrictEqual([value.type, value.data.u, value.data.b.length], ["snapshot", 1, 50])
    assert.isTrue(row.isSnapshot)
  })

  it("publicTrade: ids of 19 digits with gaps, all of a batch in one message", () => {
    const rows = market.history.map((fill) => messages.trade("BTCUSDT", market, fill))
    const seen =
      `{"topic":"publicTrade.BTCUSDT","ts":1789299660724,"type":"snapshot","data":[{"i":"2100000000188691524","T":1789299660688,"p":"77140.5","v":"0.00389","S":"Sell","seq":2189232173,"s":"BTCUSDT","BT":false,"RPI":false}]}`
    const text = messages.tradesMessage("BTCUSDT", rows, 1_790_000_001_000)
    assert.strictEqual(shape(text), shape(seen))
    const ids = rows.map((row) => BigInt(row.sequenceId ?? 0))
    assert.isTrue(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0n)))
    assert.isTrue(ids.some((id, index) => index > 0 && id > (ids[index - 1] ?? 0n) + 1n))
    assert.isTrue(rows.every((row) => row.sequenceId?.length === 19 && text.includes(row.data)))
  })

  it("replies: req_id is left out, echoed, or empty", () => {
    const connId = "d9avrao7pl3bpiuoku0g-7tmms"
    assert.strictEqual(
      messages.accepted({ connId, op: "subscribe", reqId: null }, "subscribe"),
      `{"success":true,"ret_msg":"subscribe","conn_id":"${connId}","op":"subscribe"}`
    )
    assert.strictEqual(
      messages.accepted({ connId, op: "ping", reqId: "100001" }, "pong"),
      `{"success":true,"ret_msg":"pong","conn_id":"${connId}","req_id":"100001","op":"ping"}`
    )
    assert.strictEqual(
      messages.refused({ connId, op: "subscribe", reqId: null }, "Invalid symbol :[orderbook.50.NOTREALUSDT]"),
      `{"success":false,"ret_msg":"Invalid symbol :[orderbook.50.NOTREALUSDT]","conn_id":"${connId}","req_id":"","op":"subscribe"}`
    )
    assert.strictEqual(
      messages.tooManyArguments(connId),
      String.raw`{"success":false,"ret_msg":"args size \u003e10","conn_id":"${connId}","op":"subscribe"}`
    )
  })
})
