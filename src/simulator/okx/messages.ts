import { toNumber, trimmed } from "../decimals.ts"
import type { Level } from "../Book.ts"
import type { Row } from "../Ledger.ts"
import { type BookChange, type Fill, type Market, sizeDecimals, type TakerOrder } from "../Market.ts"

/** Levels per side of the `books` channel. */
export const bookLevels = 400

export const arg = (channel: string, instId: string): string => `{"channel":"${channel}","instId":"${instId}"}`

const levels = (side: ReadonlyArray<Level>, priceDecimals: number): string =>
  side.map(({ orders, price, size }) =>
    `["${trimmed(price, priceDecimals)}","${trimmed(size, sizeDecimals)}","0","${orders}"]`
  ).join(",")

const book = (symbol: string, market: Market, content: {
  readonly action: "snapshot" | "update"
  readonly bids: ReadonlyArray<Level>
  readonly asks: ReadonlyArray<Level>
  readonly atMillis: number
  readonly seqId: number
  readonly prevSeqId: number
}): Row => ({
  symbol,
  dataType: "orderbook",
  sequenceId: String(content.seqId),
  data: `{"arg":${arg("books", symbol)},"action":"${content.action}","data":[{"asks":[${
    levels(content.asks, market.priceDecimals)
  }],"bids":[${
    levels(content.bids, market.priceDecimals)
  }],"ts":"${content.atMillis}","checksum":0,"seqId":${content.seqId},"prevSeqId":${content.prevSeqId}}]}`,
  timestampExchange: content.atMillis * 1_000,
  trade: null,
  isSnapshot: content.action === "snapshot",
  history: false
})

/** The row of a complete book; it has no predecessor, which is written as -1. */
export const snapshot = (symbol: string, market: Market, atMillis: number): Row =>
  book(symbol, market, {
    action: "snapshot",
    bids: market.bids,
    asks: market.asks,
    atMillis,
    seqId: market.latest.cursor,
    prevSeqId: -1
  })

/** The row of a change; `prevSeqId` is the `seqId` of the message before it. */
export const update = (symbol: string, market: Market, change: BookChange): Row =>
  book(symbol, market, {
    action: "update",
    bids: change.bids,
    asks: change.asks,
    atMillis: change.atMillis,
    seqId: change.cursor,
    prevSeqId: change.previousCursor
  })

/** The row of an update without content, which a market that stands still sends as a sign of life. */
export const keepAlive = (symbol: string, market: Market, atMillis: number): Row =>
  book(symbol, market, {
    action: "update",
    bids: [],
    asks: [],
    atMillis,
    seqId: market.latest.cursor,
    prevSeqId: market.latest.cursor
  })

/** The rows of a taker order: one per price, named by the id of the last fill and counting all of them. */
export const trades = (symbol: string, market: Market, order: TakerOrder): ReadonlyArray<Row> => {
  const rows: Array<Row> = []
  let group: Array<Fill> = []
  for (const fill of order.fills) {
    if (group.length > 0 && group[0]?.price !== fill.price) {
      rows.push(trade(symbol, market.priceDecimals, group, fill))
      group = []
    }
    group.push(fill)
  }
  const last = group.at(-1)
  if (last !== undefined) rows.push(trade(symbol, market.priceDecimals, group, last))
  return rows
}

const trade = (symbol: string, priceDecimals: number, group: ReadonlyArray<Fill>, fallback: Fill): Row => {
  const last = group.at(-1) ?? fallback
  const size = group.reduce((sum, fill) => sum + fill.size, 0)
  return {
    symbol,
    dataType: "trade",
    sequenceId: String(last.number),
    data: `{"instId":"${symbol}","tradeId":"${last.number}","px":"${trimmed(last.price, priceDecimals)}","sz":"${
      trimmed(size, sizeDecimals)
    }","side":"${last.side}","ts":"${last.atMillis}","count":"${group.length}","source":"0","seqId":${last.cursor}}`,
    timestampExchange: last.atMillis * 1_000,
    trade: {
      tradeId: String(last.number),
      price: toNumber(last.price, priceDecimals),
      size: toNumber(size, sizeDecimals),
      side: last.side
    },
    isSnapshot: null,
    history: false
  }
}

/** A message of the `trades` channel. */
export const tradesMessage = (symbol: string, rows: ReadonlyArray<Row>): string =>
  `{"arg":${arg("trades", symbol)},"data":[${rows.map((row) => row.data).join(",")}]}`

/** `id` is echoed only where the client sent one. */
const echoed = (id: string | null): string => id === null ? "" : `"id":"${id}",`

export const acknowledged = (
  event: "subscribe" | "unsubscribe",
  channel: string,
  instId: string,
  id: string | null,
  connId: string
): string => `{${echoed(id)}"event":"${event}","arg":${arg(channel, instId)},"connId":"${connId}"}`

export const invalidRequest = (text: string, id: string | null, connId: string): string =>
  `{${echoed(id)}"event":"error","code":"60012","msg":${
    JSON.stringify(`Invalid request: ${text}`)
  },"connId":"${connId}"}`

/** Names the channel and instrument in the text only. */
export const doesNotExist = (channel: string, instId: string, id: string | null, connId: string): string =>
  `{${
    echoed(id)
  }"event":"error","msg":"Subscribe failed, wrong URL or channel:${channel},instId:${instId} doesn't exist. Please use the correct URL, channel and parameters referring to API document.","code":"60018","connId":"${connId}"}`

export const upgradeNotice = (connId: string): string =>
  `{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. Please reconnect.","connId":"${connId}"}`
