import type { Subscription } from "../../../src/domain/Feed.ts"

export const subscriptions: ReadonlyArray<Subscription> = [
  { symbol: "btcusdt", dataType: "orderbook" },
  { symbol: "btcusdt", dataType: "trade" }
]

export const book =
  `{"lastUpdateId":70112233445,"bids":[["61234.50000000","0.75000000"],["61234.49000000","0.00120000"]],"asks":[["61234.51000000","2.10000000"]]}`

export const combinedBook = `{"stream":"btcusdt@depth20@100ms","data":${book}}`

export const thinBook = `{"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":7,"bids":[],"asks":[]}}`

export const trade =
  `{"e":"trade","E":1795000000457,"s":"BTCUSDT","t":5150001234,"p":"61234.51000000","q":"0.00420000","T":1795000000455,"m":false,"M":true}`

export const combinedTrade = `{"stream":"btcusdt@trade","data":${trade}}`

/** From before June 2024: order ids `b` and `a`, and a time in between. */
export const oldTrade =
  `{"stream":"btcusdt@trade","data":{"e":"trade","E":1600000000002,"s":"BTCUSDT","t":42,"p":"10000.00000000","q":"1.00000000","b":88,"a":50,"T":1600000000001,"m":true,"M":true}}`

export const acknowledged = `{"result":null,"id":1}`

export const nestedError = `{"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":1}`

export const errorWithoutId = `{"error":{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}}`

export const flatError = `{"code":4,"msg":"Too many subscriptions","id":1}`

export const shutdown = `{"e":"serverShutdown","E":1795000000000}`

export const combinedShutdown = `{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1795000000000}}`

export const listed = `{"result":["btcusdt@trade"],"id":3}`
