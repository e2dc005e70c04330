import { assert, describe, it } from "@effect/vitest"
import * as exchange from "../../../src/simulator/coinbase/exchangeMessages.ts"
import * as messages from "../../../src/simulator/coinbase/messages.ts"
import { deliveredAs } from "../../../src/simulator/coinbase/session.ts"
import { first, shape, someMarket } from "../shape.ts"

const market = someMarket("coinbase", "BTC-USD", 5)
const envelope: messages.Envelope = {
  moment: { millis: Date.UTC(2026, 7, 24, 22, 34, 13, 823), nanos: 100_970 },
  sequence: 7,
  withClientId: false
}

describe("Coinbase messages", () => {
  it("l2_data", () => {
    const levels = messages.levels(market.bids, market.asks, 1_790_000_000_483_122, market.priceDecimals)
    const row = messages.book(envelope, { symbol: "BTC-USD", productId: "BTC-USD", type: "snapshot", levels })
    const seen =
      `{"channel":"l2_data","timestamp":"2026-08-24T22:34:13.793075885Z","sequence_num":0,"events":[{"type":"snapshot","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"2026-08-24T22:34:13.483122Z","price_level":"78856.05","new_quantity":"0.0476177"},{"side":"offer","event_time":"2026-08-24T22:34:13.483122Z","price_level":"78856.06","new_quantity":"0.0801158"}]}]}`
    assert.strictEqual(shape(row.data), shape(seen))
    assert.include(row.data, `"timestamp":"2026-08-24T22:34:13.82310097Z","sequence_num":7`)
    assert.strictEqual(row.sequenceId, "7")
    assert.strictEqual(row.timestampExchange, envelope.moment.millis * 1_000 + 100)
    assert.isTrue(row.isSnapshot)
    const empty = messages.book(envelope, { symbol: "BTC-USD", productId: "BTC-USD", type: "update", levels: "" })
    assert.include(empty.data, `[{"type":"update","product_id":"BTC-USD","updates":[]}]`)
    assert.isFalse(empty.isSnapshot)
  })

  it("market_trades: newest first, named by the maker's side", () => {
    const rows = market.history.slice(-2).map((fill) => messages.trade("BTC-USD", "BTC-USD", market, fill, false))
    const text = messages.trades({ ...envelope, sequence: 0 }, "update", rows)
    const seen =
      `{"channel":"market_trades","timestamp":"2026-09-27T16:42:07.238434983Z","sequence_num":3,"events":[{"type":"update","trades":[{"product_id":"BTC-USD","trade_id":"1099158138","price":"84451.05","size":"0.0215708","time":"2026-09-27T16:42:07.184962Z","side":"BUY"}]}]}`
    assert.strictEqual(shape(text), shape(seen))
    const [newer, older] = JSON.parse(text).events[0].trades
    assert.strictEqual(Number(newer.trade_id), Number(older.trade_id) + 1)
    const row = first(rows)
    assert.strictEqual(row.data, JSON.stringify(older))
    assert.deepStrictEqual(row.trade, {
      tradeId: older.trade_id,
      price: Number(older.price),
      size: Number(older.size),
      side: older.side === "SELL" ? "buy" : "sell"
    })
  })

  it("subscriptions, heartbeats, errors", () => {
    assert.strictEqual(
      messages.subscriptions(envelope, { level2: ["BTC-USD"] }),
      `{"channel":"subscriptions","timestamp":"2026-08-24T22:34:13.82310097Z","sequence_num":7,"events":[{"subscriptions":{"level2":["BTC-USD"]}}]}`
    )
    const seen =
      `{"channel":"heartbeats","timestamp":"2026-07-16T20:28:53.166419882Z","sequence_num":33,"events":[{"current_time":"2026-07-16 20:28:53.16294062 +0000 UTC m=+75497.317767664","heartbeat_counter":75497}]}`
    assert.strictEqual(shape(messages.heartbeat(envelope, 75_497)), shape(seen))
    assert.strictEqual(messages.error("authentication failure"), `{"type":"error","message":"authentication failure"}`)
    assert.include(messages.subscriptions({ ...envelope, withClientId: true }, {}), `"client_id":""`)
  })

  it("delivers USDC products under their USD name", () => {
    assert.strictEqual(deliveredAs("BTC-USDC"), "BTC-USD")
    assert.strictEqual(deliveredAs("USDT-USDC"), "USDT-USDC")
    assert.strictEqual(deliveredAs("EURC-USDC"), "EURC-USDC")
    assert.strictEqual(deliveredAs("ETH-EUR"), "ETH-EUR")
  })
})

describe("Coinbase Exchange messages", () => {
  it("match: the maker's side in lower case", () => {
    const fill = first(market.history)
    const row = exchange.match("BTC-USD", "BTC-USD", market, fill, "match")
    const value = JSON.parse(row.data)
    assert.deepStrictEqual(Object.keys(value), [
      "type",
      "trade_id",
      "maker_order_id",
      "taker_order_id",
      "side",
      "size",
      "price",
      "product_id",
      "sequence",
      "time"
    ])
    assert.isNumber(value.trade_id)
    assert.match(value.maker_order_id, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    assert.strictEqual(row.trade?.side, value.side === "sell" ? "buy" : "sell")
    assert.strictEqual(row.sequenceId, String(value.trade_id))
  })

  it("books without numbers, and refusals with a reason", () => {
    assert.strictEqual(
      shape(exchange.snapshot("BTC-USD", "BTC-USD", market).data),
      shape(
        `{"type":"snapshot","product_id":"BTC-USD","asks":[["10102.55","0.57753524"]],"bids":[["10101.10","0.45054140"]]}`
      )
    )
    const update = exchange.update("BTC-USD", "BTC-USD", market, market.latest)
    assert.match(
      update.data,
      /^\{"type":"l2update","product_id":"BTC-USD","changes":\[(?:\["(?:buy|sell)","[\d.]+","[\d.]+"\],?)+\],"time":"[^"]+Z"\}$/
    )
    assert.isNull(update.sequenceId)
    assert.strictEqual(
      exchange.failedToSubscribe("X is not a valid product"),
      `{"type":"error","message":"Failed to subscribe","reason":"X is not a valid product"}`
    )
  })
})
