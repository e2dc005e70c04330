import type { JsonObject } from "../wire/json.ts"
import { soundLevels } from "../wire/levels.ts"
import {
  array,
  batch,
  boolean,
  cut,
  decimal,
  digits,
  either,
  integer,
  json,
  level,
  optional,
  ownText,
  whole,
  word
} from "../wire/shape.ts"
import type { TradeGlance } from "../wire/tradeBatch.ts"

const levels = array(level())

const book = whole(
  json`{"topic":"${cut(word)}","ts":${cut(integer)},"type":"${cut(word)}","data":{"s":"${
    cut(word)
  }","b":${levels},"a":${levels},"u":${cut(integer)},"seq":${integer}}${optional(json`,"cts":${cut(integer)}`)}}`
)

// Bybit sends the members of a trade in one of two orders.
const trades = batch(
  json`{"topic":"${cut(word)}","ts":${integer},"type":"${word}","data":[`,
  either(
    json`{"i":"${cut(digits)}","T":${cut(integer)},"p":"${cut(decimal)}","v":"${cut(decimal)}","S":"${
      cut(word)
    }","seq":${integer},"s":"${cut(word)}","BT":${boolean},"RPI":${boolean}}`,
    json`{"BT":${boolean},"RPI":${boolean},"S":"${cut(word)}","T":${cut(integer)},"i":"${cut(digits)}","p":"${
      cut(decimal)
    }","s":"${cut(word)}","seq":${integer},"v":"${cut(decimal)}"}`
  ),
  "]}"
)

/** The members that are read of a book message which is written as Bybit writes them; null for any other message. */
export const glanceBook = (text: string): JsonObject & { readonly topic: string } | null => {
  const parts = book(text)
  if (parts === null) return null
  const [, topic = "", ts, type, s, u, cts] = parts
  return {
    topic,
    type,
    ts: Number(ts),
    data: { s, b: soundLevels, a: soundLevels, u: Number(u) },
    ...(cts === undefined ? {} : { cts: Number(cts) })
  }
}

/** What is read of a trade message which is written as Bybit writes them; null for any other message. */
export const glanceTrades = (text: string): TradeGlance & { readonly topic: string } | null => {
  const found = trades(text)
  if (found === null) return null
  const values = found.elements.map(({ parts }) => {
    const [, i, T, p, v, S, s, otherS, otherT, otherI, otherP, others, otherV] = parts
    return i === undefined
      ? { i: ownText(otherI), T: Number(otherT), p: otherP, v: otherV, S: otherS, s: others }
      : { i: ownText(i), T: Number(T), p, v, S, s }
  })
  return { topic: found.head[1] ?? "", values, spans: found.elements }
}
