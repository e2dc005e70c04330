import { assert, describe, it } from "@effect/vitest"
import * as messages from "../../../src/simulator/binance/messages.ts"
import { first, shape, someMarket } from "../shape.ts"

const market = someMarket("binance", "btcusdt", 25)

describe("Binance messages", () => {
  it("trade", () => {
    const fill = first(market.history)
    const row = messages.trade("btcusdt", market.priceDecimals, fill, false)
    const seen =
      `{"stream":"btcusdt@trade","data":{"e":"trade","E":1790649901913,"s":"BTCUSDT","t":6720857582,"p":"83034.29000000","q":"0.00062000","T":1790649901913,"m":true,"M":true}}`
    assert.strictEqual(shape(messages.combined("btcusdt@trade", row.data)), shape(seen))
    assert.match(row.data, /"p":"\d+\.\d{8}","q":"\d+\.\d{8}"/)
    const value = JSON.parse(row.data)
    assert.deepStrictEqual(row.trade, {
      tradeId: String(value.t),
      price: Number(value.p),
      size: Number(value.q),
      side: value.m ? "sell" : "buy"
    })
    assert.strictEqual(row.sequenceId, String(value.t))
    assert.strictEqual(row.timestampExchange, value.T * 1_000)
  })

  it("trade in microseconds", () => {
    const fill = first(market.history)
    const row = messages.trade("btcusdt", market.priceDecimals, fill, true)
    assert.strictEqual(JSON.parse(row.data).T, row.timestampExchange)
  })

  it("partial depth: twenty levels a side, without symbol or time", () => {
    const row = messages.depth("btcusdt", market, market.latest)
    const seen =
      `{"lastUpdateId":11655824136,"bids":[["35496.06000000","0.29859300"],["35494.02000000","0.00056300"]],"asks":[["35496.07000000","0.10000000"]]}`
    assert.strictEqual(shape(row.data), shape(seen))
    const value = JSON.parse(row.data)
    assert.strictEqual(value.bids.length, 20)
    assert.strictEqual(value.asks.length, 20)
    assert.strictEqual(row.sequenceId, String(value.lastUpdateId))
    assert.isNull(row.timestampExchange)
    assert.isTrue(row.isSnapshot)
  })

  it("replies", () => {
    assert.strictEqual(messages.result(null, "1"), `{"result":null,"id":1}`)
    assert.strictEqual(
      messages.error(2, "Invalid request: invalid stream", "2"),
      `{"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":2}`
    )
    assert.strictEqual(
      messages.error(3, "Invalid JSON: expected value at line 1 column 1", null),
      `{"error":{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}}`
    )
    assert.strictEqual(
      messages.serverShutdown(1_770_123_456_789, true),
      `{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}`
    )
    assert.strictEqual(messages.serverShutdown(1_770_123_456_789, false), `{"e":"serverShutdown","E":1770123456789}`)
  })
})
