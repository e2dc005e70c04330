import { toNumber, trimmed } from "../decimals.ts"
import type { Level } from "../Book.ts"
import type { Row } from "../Ledger.ts"
import { type BookChange, type Fill, type Market, sizeDecimals } from "../Market.ts"

/** Levels per side of `orderbook.50`. */
export const bookLevels = 50

export const bookTopic = (symbol: string): string => `orderbook.${bookLevels}.${symbol}`
export const tradeTopic = (symbol: string): string => `publicTrade.${symbol}`

const levels = (side: ReadonlyArray<Level>, priceDecimals: number): string =>
  side.map(({ price, size }) => `["${trimmed(price, priceDecimals)}","${trimmed(size, sizeDecimals)}"]`).join(",")

const book = (symbol: string, market: Market, content: {
  readonly type: "snapshot" | "delta"
  readonly bids: ReadonlyArray<Level>
  readonly asks: ReadonlyArray<Level>
  /** When the gateway sent it, and when the matching engine made it. */
  readonly sentMillis: number
  readonly madeMillis: number
}): Row => ({
  symbol,
  dataType: "orderbook",
  sequenceId: String(market.latest.version),
  data: `{"topic":"${
    bookTopic(symbol)
  }","ts":${content.sentMillis},"type":"${content.type}","data":{"s":"${symbol}","b":[${
    levels(content.bids, market.priceDecimals)
  }],"a":[${
    levels(content.asks, market.priceDecimals)
  }],"u":${market.latest.version},"seq":${market.latest.cursor}},"cts":${content.madeMillis}}`,
  timestampExchange: content.madeMillis * 1_000,
  trade: null,
  isSnapshot: content.type === "snapshot",
  history: false
})

/** The row of a complete book. */
export const snapshot = (symbol: string, market: Market, nowMillis: number): Row =>
  book(symbol, market, {
    type: "snapshot",
    bids: market.bids,
    asks: market.asks,
    sentMillis: nowMillis,
    madeMillis: market.latest.atMillis
  })

/** The row of the market's latest change: a delta, or the whole book with `u` 1 when the service started anew. */
export const change = (symbol: string, market: Market, { asks, atMillis, bids, restarted }: BookChange): Row =>
  restarted
    ? snapshot(symbol, market, atMillis)
    : book(symbol, market, { type: "delta", bids, asks, sentMillis: atMillis, madeMillis: atMillis - 2 })

/** Ids have 19 digits and leave some out. */
export const tradeId = (fill: Fill): string =>
  fill.numbering === 0 ? `229000000${String(fill.sparseNumber).padStart(10, "0")}` : String(fill.sparseNumber)

/** The row of a trade. */
export const trade = (symbol: string, market: Market, fill: Fill): Row => {
  const id = tradeId(fill)
  return {
    symbol,
    dataType: "trade",
    sequenceId: id,
    data: `{"i":"${id}","T":${fill.atMillis},"p":"${trimmed(fill.price, market.priceDecimals)}","v":"${
      trimmed(fill.size, sizeDecimals)
    }","S":"${fill.side === "buy" ? "Buy" : "Sell"}","seq":${fill.cursor},"s":"${symbol}","BT":false,"RPI":${
      fill.sparseNumber % 16 === 0
    }}`,
    timestampExchange: fill.atMillis * 1_000,
    trade: {
      tradeId: id,
      price: toNumber(fill.price, market.priceDecimals),
      size: toNumber(fill.size, sizeDecimals),
      side: fill.side
    },
    isSnapshot: null,
    history: false
  }
}

/** A message of trades; always called a snapshot although it is none. */
export const tradesMessage = (symbol: string, rows: ReadonlyArray<Row>, nowMillis: number): string =>
  `{"topic":"${tradeTopic(symbol)}","ts":${nowMillis},"type":"snapshot","data":[${
    rows.map((row) => row.data).join(",")
  }]}`

interface Reply {
  readonly connId: string
  readonly op: string
  readonly reqId: string | null
}

/** A reply to what was accepted leaves `req_id` out where the client sent none. */
export const accepted = ({ connId, op, reqId }: Reply, retMsg: string): string =>
  JSON.stringify({
    success: true,
    ret_msg: retMsg,
    conn_id: connId,
    ...(reqId === null ? {} : { req_id: reqId }),
    op
  })

/** A refusal has an empty `req_id` where the client sent none. */
export const refused = ({ connId, op, reqId }: Reply, retMsg: string): string =>
  JSON.stringify({ success: false, ret_msg: retMsg, conn_id: connId, req_id: reqId ?? "", op })

/** Eleven topics are too many; the sign is escaped on the wire, as Go's JSON does. */
export const tooManyArguments = (connId: string): string =>
  `{"success":false,"ret_msg":"args size \\u003e10","conn_id":"${connId}","op":"subscribe"}`
