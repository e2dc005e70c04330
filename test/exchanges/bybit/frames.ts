import type { Subscription } from "../../../src/domain/Feed.ts"

export const subscriptions: ReadonlyArray<Subscription> = [
  { symbol: "BTCUSDT", dataType: "orderbook" },
  { symbol: "BTCUSDT", dataType: "trade" }
]

export const snapshot =
  `{"topic":"orderbook.50.BTCUSDT","ts":1795000000126,"type":"snapshot","data":{"s":"BTCUSDT","b":[["61234","1.5"],["61233.9","0.02"]],"a":[["61234.1","0.25"]],"u":330044001,"seq":120000000001},"cts":1795000000124}`

export const delta =
  `{"topic":"orderbook.50.BTCUSDT","ts":1795000000146,"type":"delta","data":{"s":"BTCUSDT","b":[],"a":[["61234.1","0"]],"u":330044002,"seq":120000000009},"cts":1795000000140}`

/** Perpetuals name the type before the time; old frames have no cts. */
export const otherOrder =
  `{"type":"delta","cts":1795000000160,"data":{"seq":120000000012,"u":330044003,"a":[],"b":[["61234","1.4"]],"s":"BTCUSDT"},"ts":1795000000166,"topic":"orderbook.50.BTCUSDT"}`

export const withoutCts =
  `{"topic":"orderbook.50.BTCUSDT","ts":1795000000186,"type":"delta","data":{"s":"BTCUSDT","b":[],"a":[],"u":330044004,"seq":120000000013}}`

export const restart =
  `{"topic":"orderbook.50.BTCUSDT","ts":1795000000206,"type":"delta","data":{"s":"BTCUSDT","b":[["61234","1"]],"a":[["61235","1"]],"u":1,"seq":120000000014},"cts":1795000000200}`

export const element1 =
  `{"i":"2290000001300500701","T":1795000000301,"p":"61234.1","v":"0.00389","S":"Sell","seq":120000000020,"s":"BTCUSDT","BT":false,"RPI":false}`

export const element2 =
  `{"BT":false,"RPI":true,"S":"Buy","T":1795000000302,"i":"2290000001300500733","p":"61234.2","s":"BTCUSDT","seq":120000000020,"v":"0.06"}`

export const trades =
  `{"topic":"publicTrade.BTCUSDT","ts":1795000000305,"type":"snapshot","data":[${element1}, ${element2}]}`

export const acknowledged =
  `{"success":true,"ret_msg":"subscribe","conn_id":"1f2e3d4c-0000-4000-8000-00000000abcd","req_id":"1","op":"subscribe"}`

export const acknowledgedBriefly = `{"success":true,"ret_msg":"","conn_id":"abc123-xyz","op":"subscribe"}`

export const unsubscribed =
  `{"success":true,"ret_msg":"unsubscribe","conn_id":"abc123-xyz","req_id":"2","op":"unsubscribe"}`

export const tooManyArgs = `{"success":false,"ret_msg":"args size \\u003e10","conn_id":"abc123-xyz","op":"subscribe"}`

export const unknownSymbol =
  `{"success":false,"ret_msg":"Invalid symbol :[orderbook.50.NOSUCH]","conn_id":"abc123-xyz","req_id":"","op":"subscribe"}`

export const refusedSilently = `{"success":false,"ret_msg":"","conn_id":"abc123-xyz","op":"subscribe"}`

export const pong = `{"success":true,"ret_msg":"pong","conn_id":"abc123-xyz","req_id":"ping","op":"ping"}`

export const pongWithoutId = `{"success":true,"ret_msg":"pong","conn_id":"abc123-xyz","op":"ping"}`

export const otherPong = `{"req_id":"ping","op":"pong","args":["1795000000000"],"conn_id":"abc123-xyz"}`

export const barePong = `{"success":true,"ret_msg":"pong","conn_id":"abc123-xyz"}`
