/** Messages as Upbit documents them in DEFAULT format, with invented markets, prices and ids. */
export const orderbook =
  `{"type":"orderbook","code":"KRW-AB1","timestamp":1790000000321,"total_ask_size":4.5,"total_bid_size":0.25,"orderbook_units":[{"ask_price":1.16539E8,"bid_price":1.16538E8,"ask_size":0.0020,"bid_size":6E-8},{"ask_price":1.1654E8,"bid_price":0,"ask_size":7.9276E-4,"bid_size":0}],"stream_type":"REALTIME","level":0}`

export const orderbookSnapshot =
  `{"type":"orderbook","code":"KRW-AB1","timestamp":1789999999000,"total_ask_size":0,"total_bid_size":0,"orderbook_units":[],"stream_type":"SNAPSHOT","level":0}`

export const trade =
  `{"type":"trade","code":"KRW-AB1","timestamp":1790000000400,"trade_date":"2026-09-21","trade_time":"14:13:20","trade_timestamp":1790000000377,"trade_price":123456000.00000000,"trade_volume":0.0010,"ask_bid":"ASK","prev_closing_price":120000000.00000000,"change":"RISE","change_price":3456000.00000000,"sequential_id":17900000003770003,"best_ask_price":123457000,"best_ask_size":0.5,"best_bid_price":123456000,"best_bid_size":0.25,"stream_type":"REALTIME"}`

export const error = `{"error":{"message":"지원하지 않는 타입입니다.","name":"INVALID_PARAM"}}`

export const up = `{"status":"UP"}`

export const list =
  `{"method":"LIST_SUBSCRIPTIONS","result":[{"type":"orderbook","codes":["KRW-AB1"],"level":0}],"ticket":"ticklake"}`
