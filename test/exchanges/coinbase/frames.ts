/** Messages as Coinbase documents them, with invented products, prices and ids. */
export const bookSnapshot =
  `{"channel":"l2_data","client_id":"","timestamp":"2026-09-21T14:13:20.123456789Z","sequence_num":0,"events":[{"type":"snapshot","product_id":"AB-USD","updates":[{"side":"bid","event_time":"1970-01-01T00:00:00Z","price_level":"100.25","new_quantity":"0.5"},{"side":"offer","event_time":"2026-09-21T14:13:20.1Z","price_level":"100.50","new_quantity":"12"}]}]}`

export const bookUpdate =
  `{"channel":"l2_data","timestamp":"2026-09-21T14:13:20.2Z","sequence_num":4,"events":[{"type":"update","product_id":"AB-USD","updates":[{"side":"offer","event_time":"2026-09-21T14:13:20.19Z","price_level":"100.50","new_quantity":"0"}]}]}`

export const emptyBookUpdate =
  `{"channel":"l2_data","timestamp":"2026-09-21T14:13:21Z","sequence_num":5,"events":[{"type":"update","product_id":"AB-USD","updates":[]}]}`

export const newestTrade =
  `{"product_id":"AB-USD","trade_id":"9000002","price":"100.50","size":"0.00046022","time":"2026-09-21T14:13:19.9Z","side":"SELL"}`

export const olderTrade =
  `{ "trade_id":"9000001", "product_id":"AB-USD", "price":"100.25", "size":"3", "time":"2026-09-21T14:13:18Z", "side":"BUY" }`

export const trades =
  `{"channel":"market_trades","timestamp":"2026-09-21T14:13:20Z","sequence_num":1,"events":[{"type":"snapshot","trades":[${newestTrade},${olderTrade}]}]}`

export const noTrades =
  `{"channel":"market_trades","timestamp":"2026-09-21T14:13:20Z","sequence_num":6,"events":[{"type":"update","trades":[]}]}`

export const heartbeat =
  `{"channel":"heartbeats","timestamp":"2026-09-21T14:13:21.166419882Z","sequence_num":7,"events":[{"current_time":"2026-09-21 14:13:21.16294062 +0000 UTC m=+75497.317767664","heartbeat_counter":75497}]}`

export const partialAcknowledgement =
  `{"channel":"subscriptions","timestamp":"2026-09-21T14:13:20.3Z","sequence_num":2,"events":[{"subscriptions":{"level2":["AB-USD"]}}]}`

export const acknowledgement =
  `{"channel":"subscriptions","timestamp":"2026-09-21T14:13:20.4Z","sequence_num":3,"events":[{"subscriptions":{"heartbeats":["heartbeats"],"level2":["AB-USD"],"market_trades":["AB-USD"]}}]}`

export const emptyAcknowledgement =
  `{"channel":"subscriptions","timestamp":"2026-09-21T14:13:20.35Z","sequence_num":8,"events":[{"subscriptions":{}}]}`

export const error = `{"type":"error","message":"authentication failure"}`
