import type { JsonObject } from "../wire/json.ts"
import { soundLevels } from "../wire/levels.ts"
import { array, cut, digits, integer, json, number, optional, ownText, whole, word } from "../wire/shape.ts"

const orderbook = whole(
  json`{"type":"orderbook","code":"${cut(word)}","timestamp":${
    cut(integer)
  },"total_ask_size":${number},"total_bid_size":${number},"orderbook_units":${
    array(json`{"ask_price":${number},"bid_price":${number},"ask_size":${number},"bid_size":${number}}`)
  },"stream_type":"${word}","level":${number}}`
)

const best =
  json`,"best_ask_price":${number},"best_ask_size":${number},"best_bid_price":${number},"best_bid_size":${number}`

const trade = whole(
  json`{"type":"trade","code":"${
    cut(word)
  }","timestamp":${integer},"trade_date":"${word}","trade_time":"${word}","trade_timestamp":${
    cut(integer)
  },"trade_price":${cut(number)},"trade_volume":${cut(number)},"ask_bid":"${
    cut(word)
  }","prev_closing_price":${number},"change":"${word}","change_price":${number},"sequential_id":${cut(digits)}${
    optional(best)
  },"stream_type":"${word}"}`
)

/** What is read of a frame with market data: the members that count, all but the id. */
interface Glance {
  readonly code: string
  readonly message: JsonObject
}

/** Reads an `orderbook` frame which is written as Upbit writes them; null for any other. */
export const glanceOrderbook = (text: string): Glance | null => {
  const parts = orderbook(text)
  if (parts === null) return null
  const [, code = "", timestamp] = parts
  return { code, message: { timestamp: Number(timestamp), orderbook_units: soundLevels } }
}

/** Reads a `trade` frame which is written as Upbit writes them; null for any other. */
export const glanceTrade = (text: string): Glance & { readonly id: string } | null => {
  const parts = trade(text)
  if (parts === null) return null
  const [, code = "", trade_timestamp, trade_price, trade_volume, ask_bid, id] = parts
  return {
    code,
    message: {
      trade_timestamp: Number(trade_timestamp),
      trade_price: Number(trade_price),
      trade_volume: Number(trade_volume),
      ask_bid
    },
    id: ownText(id)
  }
}
