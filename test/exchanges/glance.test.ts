import { assert, describe, it, vi } from "@effect/vitest"
import type { DataType } from "../../src/domain/Feed.ts"
import type { Venue } from "../../src/domain/Venue.ts"
import { registry } from "../../src/exchanges/registry.ts"
import { frameOf } from "./frameOf.ts"

/** Frames with one change of a book or two trades at most, in each spelling that the venue's machines are known to use. */
const written: ReadonlyArray<readonly [Venue, symbol: string, DataType, frame: string]> = [
  [
    "binance",
    "BTCUSDT",
    "trade",
    `{"stream":"btcusdt@trade","data":{"e":"trade","E":1795000000124,"s":"BTCUSDT","t":6700000001,"p":"61234.50000000","q":"0.00062000","T":1795000000123,"m":true,"M":true}}`
  ],
  [
    "binance",
    "BTCUSDT",
    "orderbook",
    `{"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":99000000001,"bids":[["61234.50000000","1.50000000"]],"asks":[["61234.60000000","0.25000000"],["61235.00000000","2.00000000"]]}}`
  ],
  [
    "coinbase",
    "BTC-USD",
    "trade",
    `{"channel":"market_trades","timestamp":"2026-11-18T16:42:07.141291854Z","sequence_num":7,"events":[{"type":"update","trades":[{"product_id":"BTC-USD","trade_id":"1000000002","price":"61234.51","size":"0.02","time":"2026-11-18T16:42:06.745095Z","side":"SELL"},{"product_id":"BTC-USD","trade_id":"1000000001","price":"61234.5","size":"0.00046022","time":"2026-11-18T16:42:06.7Z","side":"BUY"}]}]}`
  ],
  [
    "coinbase",
    "BTC-USD",
    "orderbook",
    `{"channel":"l2_data","timestamp":"2026-11-18T16:42:07.14129185Z","sequence_num":8,"events":[{"type":"update","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"2026-11-18T16:42:07.1Z","price_level":"61234.48","new_quantity":"0"},{"side":"offer","event_time":"2026-11-18T16:42:07.1Z","price_level":"61234.56","new_quantity":"0.18"}]}]}`
  ],
  [
    "coinbase",
    "BTC-USD",
    "orderbook",
    `{"channel":"l2_data","client_id":"","timestamp":"2026-11-18T16:42:07.14129185Z","sequence_num":8,"events":[{"type":"update","product_id":"BTC-USD","updates":[]}]}`
  ],
  [
    "upbit",
    "KRW-BTC",
    "trade",
    `{"type":"trade","code":"KRW-BTC","timestamp":1795000000124,"trade_date":"2026-11-18","trade_time":"16:42:07","trade_timestamp":1795000000123,"trade_price":88123000.00000000,"trade_volume":0.00123000,"ask_bid":"BID","prev_closing_price":88000000.00000000,"change":"RISE","change_price":123000.00000000,"sequential_id":17950000001230000,"stream_type":"REALTIME"}`
  ],
  [
    "upbit",
    "KRW-BTC",
    "trade",
    `{"type":"trade","code":"KRW-BTC","timestamp":1795000000124,"trade_date":"2026-11-18","trade_time":"16:42:07","trade_timestamp":1795000000123,"trade_price":88123000.00000000,"trade_volume":0.00123000,"ask_bid":"BID","prev_closing_price":88000000.00000000,"change":"RISE","change_price":123000.00000000,"sequential_id":17950000001230000,"best_ask_price":88124000,"best_ask_size":0.1,"best_bid_price":88123000,"best_bid_size":3.5E-7,"stream_type":"REALTIME"}`
  ],
  [
    "upbit",
    "KRW-BTC",
    "orderbook",
    `{"type":"orderbook","code":"KRW-BTC","timestamp":1795000000123,"total_ask_size":1.5,"total_bid_size":2.25,"orderbook_units":[{"ask_price":88124000,"bid_price":88123000,"ask_size":0.1,"bid_size":3.5E-7}],"stream_type":"REALTIME","level":0}`
  ],
  [
    "okx",
    "BTC-USDT",
    "trade",
    `{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"1050000001","px":"61234.5","sz":"0.00504905","side":"sell","ts":"1795000000123","count":"1","source":"0","seqId":80500000001}]}`
  ],
  [
    "okx",
    "BTC-USDT",
    "orderbook",
    `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{"asks":[["61234.6","0.38","0","10"]],"bids":[["61234.5","0.61","0","19"]],"ts":"1795000000123","checksum":0,"seqId":80500000001,"prevSeqId":-1}]}`
  ],
  [
    "okx",
    "BTC-USDT",
    "orderbook",
    `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[],"bids":[["61234.5","0","0","0"]],"ts":"1795000000123","checksum":-914047754,"prevSeqId":80500000001,"seqId":80500000007}]}`
  ],
  [
    "bybit",
    "BTCUSDT",
    "trade",
    `{"topic":"publicTrade.BTCUSDT","ts":1795000000124,"type":"snapshot","data":[{"i":"2100000000100000001","T":1795000000123,"p":"61234.5","v":"0.00389","S":"Sell","seq":2180000001,"s":"BTCUSDT","BT":false,"RPI":false}]}`
  ],
  [
    "bybit",
    "BTCUSDT",
    "trade",
    `{"topic":"publicTrade.BTCUSDT","ts":1795000000124,"type":"snapshot","data":[{"BT":false,"RPI":false,"S":"Sell","T":1795000000123,"i":"2290000001200000001","p":"61234.5","s":"BTCUSDT","seq":114000000001,"v":"0.06"},{"BT":false,"RPI":true,"S":"Buy","T":1795000000123,"i":"2290000001200000002","p":"61234.6","s":"BTCUSDT","seq":114000000002,"v":"0.0049"}]}`
  ],
  [
    "bybit",
    "BTCUSDT",
    "orderbook",
    `{"topic":"orderbook.50.BTCUSDT","ts":1795000000126,"type":"delta","data":{"s":"BTCUSDT","b":[["61234","1.5"]],"a":[],"u":330044001,"seq":120000000001},"cts":1795000000124}`
  ]
]

describe("frames that are written as usual", () => {
  it.each(written)("%s %s %s is read without being decoded as a whole", (venue, symbol, dataType, frame) => {
    const parse = registry[venue](null).parser([{ symbol, dataType }])
    const usual = parse(frameOf(frame))
    const decoding = vi.spyOn(JSON, "parse").mockImplementation(() => null)
    try {
      assert.isAbove(usual.events.length, 0)
      assert.deepStrictEqual(usual.problems, [])
      assert.deepStrictEqual(parse(frameOf(frame)), usual)
    } finally {
      decoding.mockRestore()
    }
  })
})
