import type { Subscription } from "../../../src/domain/Feed.ts"

export const subscriptions: ReadonlyArray<Subscription> = [
  { symbol: "BTC-USDT", dataType: "orderbook" },
  { symbol: "BTC-USDT", dataType: "trade" }
]

export const snapshot =
  `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{"asks":[["61234.6","0.5","0","3"],["61235","1.25","0","7"]],"bids":[["61234.5","0.07","0","1"]],"ts":"1795000000123","checksum":0,"seqId":90111222333,"prevSeqId":-1}]}`

export const update =
  `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[["61235","0","0","0"]],"bids":[],"ts":"1795000000223","checksum":0,"seqId":90111222390,"prevSeqId":90111222333}]}`

export const keepAlive =
  `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[],"bids":[],"ts":"1795000060223","checksum":0,"seqId":90111222390,"prevSeqId":90111222390}]}`

/** After maintenance the numbering starts lower, yet follows what came before. */
export const reset =
  `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[],"bids":[["61230.1","3","0","2"]],"ts":"1795000061223","checksum":0,"seqId":3,"prevSeqId":90111222390}]}`

export const trade =
  `{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"1200300400","px":"61234.5","sz":"0.00505","side":"sell","ts":"1795000000555","count":"1","source":"0","seqId":90111222391}]}`

export const element1 =
  `{"instId":"BTC-USDT","tradeId":"1200300408","px":"61234.6","sz":"0.9","side":"buy","ts":"1795000000600","count":"8","source":"0","seqId":90111222400}`

export const element2 =
  `{"instId":"BTC-USDT", "tradeId":"1200300409","px":"61234.7","sz":"0.1","side":"buy","ts":"1795000000600","count":"1","source":"1","seqId":90111222400}`

export const trades = `{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[${element1} , ${element2}]}`

export const oldTrade =
  `{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"555","px":"100","sz":"2","side":"buy","ts":"1600000000001"}]}`

export const acknowledged =
  `{"id":"1","event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"a1b2c3d4"}`

export const oldAcknowledged = `{"event":"subscribe","arg":{"channel":"trades","instId":"BTC-USDT"}}`

export const unsubscribed =
  `{"id":"2","event":"unsubscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"a1b2c3d4"}`

export const refused =
  `{"id":"1","event":"error","code":"60012","msg":"Invalid request: {\\"op\\": \\"subscribe\\", \\"args\\":[{ \\"channel\\" : \\"nope\\", \\"instId\\" : \\"BTC-USDT\\"}]}","connId":"a1b2c3d4"}`

export const unknownSymbol =
  `{"event":"error","msg":"Subscribe failed, wrong URL or channel:books,instId:NO-SUCH doesn't exist.","code":"60018","connId":"a1b2c3d4"}`

export const upgrade =
  `{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. Please reconnect.","connId":"a1b2c3d4"}`

export const notice = `{"event":"notice","code":"64999","msg":"Something else.","connId":"a1b2c3d4"}`

export const pong = "pong"
