/** Messages as Coinbase Exchange documents them, with invented products, prices and ids. */
export const snapshot =
  `{"type":"snapshot","product_id":"AB-USD","bids":[["100.25","0.50"]],"asks":[["100.50","12"],["100.75","0.1"]]}`

export const timedSnapshot =
  `{"type":"snapshot","product_id":"AB-USD","bids":[],"asks":[],"time":"2026-09-21T14:13:20.010758Z"}`

export const update =
  `{"type":"l2update","product_id":"AB-USD","changes":[["buy","100.25","0.25"],["sell","100.50","0"]],"time":"2026-09-21T14:13:20.060001Z"}`

export const match =
  `{"type":"match","trade_id":9000002,"maker_order_id":"00000000-0000-4000-8000-000000000001","taker_order_id":"00000000-0000-4000-8000-000000000002","side":"sell","size":"0.125","price":"100.50","product_id":"AB-USD","sequence":41000000001,"time":"2026-09-21T14:13:20.5Z"}`

export const lastMatch =
  `{"type":"last_match","trade_id":9000001,"maker_order_id":"00000000-0000-4000-8000-000000000003","taker_order_id":"00000000-0000-4000-8000-000000000004","side":"buy","size":"2","price":"100.25","product_id":"AB-USD","sequence":41000000000,"time":"2026-09-21T14:13:19Z"}`

export const heartbeat =
  `{"type":"heartbeat","sequence":41000000001,"last_trade_id":9000002,"product_id":"AB-USD","time":"2026-09-21T14:13:21.000210Z"}`

export const acknowledgement =
  `{"type":"subscriptions","channels":[{"name":"level2_batch","product_ids":["AB-USD"],"account_ids":null},{"name":"matches","product_ids":["AB-USD"],"account_ids":null},{"name":"heartbeat","product_ids":["AB-USD"],"account_ids":null}]}`

export const error = `{"type":"error","message":"Failed to subscribe","reason":"XX-USD is not a valid product"}`
