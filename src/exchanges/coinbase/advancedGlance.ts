import type { JsonObject } from "../wire/json.ts"
import { soundLevels } from "../wire/levels.ts"
import {
  array,
  batch,
  cut,
  decimal,
  digits,
  either,
  integer,
  json,
  optional,
  ownText,
  whole,
  word
} from "../wire/shape.ts"
import type { TradeGlance } from "../wire/tradeBatch.ts"

const client = optional(json`"client_id":"${word}",`)

const book = whole(
  json`{"channel":"l2_data",${client}"timestamp":"${cut(word)}","sequence_num":${cut(integer)},"events":[{"type":"${
    cut(word)
  }","product_id":"${cut(word)}","updates":${
    array(
      json`{"side":"${
        either(json`bid`, json`offer`)
      }","event_time":"${word}","price_level":"${decimal}","new_quantity":"${decimal}"}`
    )
  }}]}`
)

const trades = batch(
  json`{"channel":"market_trades",${client}"timestamp":"${word}","sequence_num":${cut(integer)},"events":[{"type":"${
    either(json`snapshot`, json`update`)
  }","trades":[`,
  json`{"product_id":"${cut(word)}","trade_id":"${cut(digits)}","price":"${cut(decimal)}","size":"${
    cut(decimal)
  }","time":"${cut(word)}","side":"${cut(word)}"}`,
  "]}]}"
)

/** What is read of a message that brings changes of one book. */
export interface BookGlance {
  readonly sequence: number
  readonly message: JsonObject
}

/** Reads a message of `l2_data` about one product which is written as Coinbase writes them; null for any other message. */
export const glanceBook = (text: string): BookGlance | null => {
  const parts = book(text)
  if (parts === null) return null
  const [, timestamp, sequence, type, product_id] = parts
  return {
    sequence: Number(sequence),
    message: { timestamp, events: [{ type, product_id, updates: soundLevels }] }
  }
}

/** What is read of a message of `market_trades` with one event which is written as Coinbase writes them; null for any other message. */
export const glanceTrades = (text: string): TradeGlance & { readonly sequence: number } | null => {
  const found = trades(text)
  if (found === null) return null
  const values = found.elements.map(({ parts }) => {
    const [, product_id, trade_id, price, size, time, side] = parts
    return { product_id, trade_id: ownText(trade_id), price, size, time, side }
  })
  return { sequence: Number(found.head[1]), values, spans: found.elements }
}
