import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Market } from "../../../src/simulator/Market.ts"
import * as messages from "../../../src/simulator/upbit/messages.ts"
import { first, shape, someMarket } from "../shape.ts"

const market = someMarket("upbit", "KRW-BTC", 30)

describe("Upbit messages", () => {
  it("orderbook: complete, exponents where Java writes them", () => {
    const row = messages.orderbook("KRW-BTC", market, { code: "KRW-BTC", depth: 30, streamType: "SNAPSHOT" })
    const seen =
      `{"type":"orderbook","code":"KRW-BTC","timestamp":1790134742106,"total_ask_size":2.51469375,"total_bid_size":1.63815297,"orderbook_units":[{"ask_price":1.16539E8,"bid_price":1.16538E8,"ask_size":0.02054761,"bid_size":0.08120946}],"stream_type":"SNAPSHOT","level":0}`
    assert.strictEqual(shape(row.data), shape(seen))
    assert.match(row.data, /"ask_price":\d\.\d+E8/)
    assert.strictEqual(JSON.parse(row.data).orderbook_units.length, 30)
    assert.isNull(row.sequenceId)
    assert.strictEqual(row.timestampExchange, market.latest.atMillis * 1_000)
  })

  it("orderbook: a thin side is padded with zeros", () => {
    const thin = someMarket("upbit", "KRW-LAMB", 30)
    const { data } = messages.orderbook("KRW-LAMB", thin, { code: "KRW-LAMB", depth: 30, streamType: "REALTIME" })
    const units: ReadonlyArray<{ readonly ask_price: number; readonly ask_size: number }> =
      JSON.parse(data).orderbook_units
    assert.strictEqual(units.length, 30)
    assert.strictEqual(units.filter((unit) => unit.ask_price === 0 && unit.ask_size === 0).length, 20)
  })

  it("trade: trailing zeros, and an id that only text can hold", () => {
    const fill = {
      ...first(market.history),
      atMillis: 1_788_335_180_377,
      withinMillis: 3,
      price: market.previousClose - 314_000
    }
    const row = messages.trade("KRW-BTC", market, fill, "SNAPSHOT")
    const seen =
      `{"type":"trade","code":"KRW-BTC","timestamp":1788335180423,"trade_date":"2026-09-02","trade_time":"07:46:20","trade_timestamp":1788335180377,"trade_price":106691000.00000000,"trade_volume":0.00009372,"ask_bid":"ASK","prev_closing_price":107005000.00000000,"change":"FALL","change_price":314000.00000000,"sequential_id":17883351803770004,"best_ask_price":106705000,"best_ask_size":0.00906333,"best_bid_price":106691000,"best_bid_size":0.00702247,"stream_type":"SNAPSHOT"}`
    assert.strictEqual(shape(row.data), shape(seen))
    assert.include(row.data, `"sequential_id":17883351803770003,`)
    assert.include(row.data, `"change":"FALL","change_price":314000.00000000`)
    assert.strictEqual(row.sequenceId, "17883351803770003")
    assert.strictEqual(row.trade?.side, fill.side)
    assert.include(row.data, fill.side === "sell" ? `"ask_bid":"ASK"` : `"ask_bid":"BID"`)
  })

  it.prop("ids have 17 digits and grow with the market", [Schema.String], ([seed]) => {
    const busy = new Market({
      seed,
      venue: "upbit",
      symbol: "KRW-BTC",
      depth: 5,
      sweep: 50,
      restartProbability: 0,
      tapeLength: 10
    })
    let before = 0n
    for (let i = 0; i < 300; i++) {
      if (i >= 100 && i <= 103) busy.burst(2_000)
      for (const fill of busy.step(1_790_000_000_000 + Math.floor(i / 5)).order?.fills ?? []) {
        const id = messages.sequentialId(fill)
        if (id.length !== 17 || BigInt(id) <= before) assert.fail(`${id} after ${before}`)
        before = BigInt(id)
      }
    }
  })

  it("ids begin low when the venue numbers anew, and grow from there", () => {
    const anew = someMarket("upbit", "KRW-BTC", 5)
    anew.renumberTrades()
    anew.burst(3)
    const fills = anew.step(anew.latest.atMillis + 5).order?.fills ?? []
    assert.deepStrictEqual(fills.map((fill) => fill.countedFromMillis), fills.map((fill) => fill.atMillis - 1))
    const ids = fills.map((fill) => Number(messages.sequentialId(fill)))
    assert.isTrue(ids.every((id, index) => id > (ids[index - 1] ?? 10_000) && id < 10_010), String(ids))
  })

  it("errors speak Korean", () => {
    assert.strictEqual(
      messages.error("NO_TICKET"),
      `{"error":{"name":"NO_TICKET","message":"티켓이 존재하지 않거나, 유효하지 않습니다."}}`
    )
    assert.strictEqual(
      messages.unsupportedType("nope"),
      `{"error":{"message":"nope 은 지원하지 않는 타입입니다.","name":"INVALID_PARAM"}}`
    )
  })
})
