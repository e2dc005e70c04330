import { bigDecimal, fixed8, javaDouble, toNumber } from "../decimals.ts"
import type { Level } from "../Book.ts"
import type { Row } from "../Ledger.ts"
import { type Fill, type Market, sizeDecimals } from "../Market.ts"
import { secondText } from "../timeText.ts"

/** Whether a message is the first of its code after the request. */
export type StreamType = "SNAPSHOT" | "REALTIME"

const size = (level: Level | undefined): string => javaDouble(level?.size ?? 0, sizeDecimals)

const total = (levels: ReadonlyArray<Level>): number => levels.reduce((sum, level) => sum + level.size, 0)

/** The row of a book: always complete, sides paired row by row, a thin side padded with zeros. */
export const orderbook = (
  symbol: string,
  market: Market,
  options: { readonly code: string; readonly depth: number; readonly streamType: StreamType }
): Row => {
  const bids = market.bids.slice(0, options.depth)
  const asks = market.asks.slice(0, isThin(options.code) ? Math.ceil(options.depth / 3) : options.depth)
  const price = (level: Level | undefined) => javaDouble(level?.price ?? 0, market.priceDecimals)
  const units = bids.map((bid, i) => {
    const ask = asks[i]
    return `{"ask_price":${price(ask)},"bid_price":${price(bid)},"ask_size":${size(ask)},"bid_size":${size(bid)}}`
  })
  const { atMillis } = market.latest
  return {
    symbol,
    dataType: "orderbook",
    sequenceId: null,
    data: `{"type":"orderbook","code":"${options.code}","timestamp":${atMillis},"total_ask_size":${
      javaDouble(total(asks), sizeDecimals)
    },"total_bid_size":${javaDouble(total(bids), sizeDecimals)},"orderbook_units":[${
      units.join(",")
    }],"stream_type":"${options.streamType}","level":0}`,
    timestampExchange: atMillis * 1_000,
    trade: null,
    isSnapshot: true,
    history: false
  }
}

/** Every few codes have a side with too few levels. */
const isThin = (code: string): boolean => code.length % 4 === 0

/** Upbit's trade ids: the millisecond of the trade times 10,000 plus a small number, as text of 17 digits. */
export const sequentialId = ({ atMillis, countedFromMillis, withinMillis }: Fill): string =>
  `${atMillis - countedFromMillis}${String(withinMillis).padStart(4, "0")}`

/** The row of a trade. `sequential_id` has 17 digits, more than a double can hold. */
export const trade = (symbol: string, market: Market, fill: Fill, streamType: StreamType): Row => {
  const decimals = market.priceDecimals
  const second = secondText(Math.floor(fill.atMillis / 1_000))
  const id = sequentialId(fill)
  const difference = fill.price - market.previousClose
  const change = difference === 0 ? "EVEN" : difference > 0 ? "RISE" : "FALL"
  const bid = market.bids[0]
  const ask = market.asks[0]
  return {
    symbol,
    dataType: "trade",
    sequenceId: id,
    data: `{"type":"trade","code":"${symbol}","timestamp":${fill.atMillis + 1},"trade_date":"${
      second.slice(0, 10)
    }","trade_time":"${second.slice(11)}","trade_timestamp":${fill.atMillis},"trade_price":${
      fixed8(fill.price, decimals)
    },"trade_volume":${fixed8(fill.size, sizeDecimals)},"ask_bid":"${
      fill.side === "sell" ? "ASK" : "BID"
    }","prev_closing_price":${fixed8(market.previousClose, decimals)},"change":"${change}","change_price":${
      fixed8(Math.abs(difference), decimals)
    },"sequential_id":${id},"best_ask_price":${bigDecimal(ask?.price ?? 0, decimals)},"best_ask_size":${
      bigDecimal(ask?.size ?? 0, sizeDecimals)
    },"best_bid_price":${bigDecimal(bid?.price ?? 0, decimals)},"best_bid_size":${
      bigDecimal(bid?.size ?? 0, sizeDecimals)
    },"stream_type":"${streamType}"}`,
    timestampExchange: fill.atMillis * 1_000,
    trade: {
      tradeId: id,
      price: toNumber(fill.price, decimals),
      size: toNumber(fill.size, sizeDecimals),
      side: fill.side
    },
    isSnapshot: null,
    history: streamType === "SNAPSHOT"
  }
}

/** Upbit explains its errors in Korean; the order of the keys varies. */
export const error = (name: "NO_TICKET" | "NO_TYPE" | "NO_CODES" | "WRONG_FORMAT"): string =>
  JSON.stringify({ error: { name, message: errorTexts[name] } })

const errorTexts = {
  NO_TICKET: "티켓이 존재하지 않거나, 유효하지 않습니다.",
  NO_TYPE: "타입이 존재하지 않거나, 유효하지 않습니다.",
  NO_CODES: "코드가 존재하지 않거나, 유효하지 않습니다.",
  WRONG_FORMAT: "Format 이 맞지 않습니다."
} as const

export const unsupportedType = (type: string): string =>
  JSON.stringify({ error: { message: `${type} 은 지원하지 않는 타입입니다.`, name: "INVALID_PARAM" } })

/** What a text `PING` is answered with, and what then repeats by itself. */
export const up = "{\"status\":\"UP\"}"
