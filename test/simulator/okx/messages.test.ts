import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Market } from "../../../src/simulator/Market.ts"
import * as messages from "../../../src/simulator/okx/messages.ts"
import { first, shape, someMarket } from "../shape.ts"

const market = someMarket("okx", "BTC-USDT", 400)

describe("OKX messages", () => {
  it("books: a snapshot without predecessor, updates that name it", () => {
    const seen =
      `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{"asks":[["78722.3","0.38699412","0","10"]],"bids":[["78722.2","0.61610822","0","19"]],"ts":"1787612486107","checksum":0,"seqId":80274874800,"prevSeqId":-1}]}`
    const snapshot = messages.snapshot("BTC-USDT", market, 1_790_000_001_000)
    assert.strictEqual(shape(snapshot.data), shape(seen))
    assert.include(snapshot.data, `"prevSeqId":-1`)
    assert.strictEqual(JSON.parse(snapshot.data).data[0].asks.length, 400)
    const { change } = market.step(1_790_000_002_000)
    const update = messages.update("BTC-USDT", market, change)
    const [data] = JSON.parse(update.data).data
    assert.strictEqual(data.prevSeqId, Number(snapshot.sequenceId))
    assert.strictEqual(String(data.seqId), update.sequenceId)
    assert.strictEqual(data.checksum, 0)
    const [idle] = JSON.parse(messages.keepAlive("BTC-USDT", market, 1).data).data
    assert.deepStrictEqual([idle.asks, idle.bids, idle.seqId], [[], [], idle.prevSeqId])
  })

  it.prop("trades: the ids of a message cover all fills, the last one naming its group", [Schema.String], ([seed]) => {
    const busy = new Market({
      seed,
      venue: "okx",
      symbol: "A-USDT",
      depth: 10,
      sweep: 40,
      restartProbability: 0,
      tapeLength: 1_000
    })
    let before: number | null = null
    for (let i = 0; i < 200; i++) {
      const { order } = busy.step(1_790_000_000_000 + i)
      if (order === null) continue
      for (const row of messages.trades("A-USDT", busy, order)) {
        const value = JSON.parse(row.data)
        const covered = Number(value.tradeId) - Number(value.count) + 1
        if (before !== null) assert.strictEqual(covered, before + 1)
        before = Number(value.tradeId)
        assert.strictEqual(row.trade?.size, Number(value.sz))
        assert.strictEqual(row.trade?.side, value.side)
      }
    }
  })

  it("trades: the documented shape", () => {
    const seen =
      `{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"1051102132","px":"78808.8","sz":"0.00504905","side":"sell","ts":"1788118931677","count":"1","source":"0","seqId":80559459948}]}`
    const rows = messages.trades("BTC-USDT", market, { fills: [first(market.history)] })
    assert.strictEqual(shape(messages.tradesMessage("BTC-USDT", rows)), shape(seen))
  })

  it("replies", () => {
    assert.strictEqual(
      messages.acknowledged("subscribe", "books", "BTC-USDT", "1512", "a4d3ae55"),
      `{"id":"1512","event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"a4d3ae55"}`
    )
    assert.strictEqual(
      messages.acknowledged("subscribe", "books", "BTC-USDT", null, "32f4414f"),
      `{"event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"32f4414f"}`
    )
    assert.strictEqual(
      messages.doesNotExist("trades", "NOPE-USDT", null, "b2b0944b"),
      `{"event":"error","msg":"Subscribe failed, wrong URL or channel:trades,instId:NOPE-USDT doesn't exist. Please use the correct URL, channel and parameters referring to API document.","code":"60018","connId":"b2b0944b"}`
    )
    assert.strictEqual(
      messages.upgradeNotice("a4d3ae55"),
      `{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. Please reconnect.","connId":"a4d3ae55"}`
    )
  })
})
