import type { JsonObject } from "../wire/json.ts"
import { soundLevels } from "../wire/levels.ts"
import { array, boolean, cut, decimal, integer, json, level, textOf, whole, word } from "../wire/shape.ts"

const book = whole(
  json`{"stream":"${cut(word)}","data":${
    cut(json`{"lastUpdateId":${cut(integer)},"bids":${array(level())},"asks":${array(level())}}`)
  }}`
)

const trade = whole(
  json`{"stream":"${cut(word)}","data":${
    cut(
      json`{"e":"trade","E":${integer},"s":"${cut(word)}","t":${cut(integer)},"p":"${cut(decimal)}","q":"${
        cut(decimal)
      }","T":${cut(integer)},"m":${cut(boolean)},"M":${boolean}}`
    )
  }}`
)

/** What is read of a combined frame: of its data the members that count, and the bytes. */
export interface Glance {
  readonly stream: string
  readonly value: JsonObject
  readonly data: Buffer
}

/** Reads a combined frame that is written as Binance writes them; null for any other. */
export const glance = (bytes: Buffer): Glance | null => {
  const text = textOf(bytes)
  if (text === null) return null
  const ofTrade = trade(text)
  if (ofTrade !== null) {
    const [, stream = "", data = "", s, t, p, q, T, m] = ofTrade
    return {
      stream,
      value: { e: "trade", s, t: Number(t), p, q, T: Number(T), m: m === "true" },
      data: dataOf(bytes, data)
    }
  }
  const ofBook = book(text)
  if (ofBook === null) return null
  const [, stream = "", data = "", lastUpdateId] = ofBook
  const value = { lastUpdateId: Number(lastUpdateId), bids: soundLevels, asks: soundLevels }
  return { stream, value, data: dataOf(bytes, data) }
}

/** The data stands last in the frame. */
const dataOf = (bytes: Buffer, data: string): Buffer => bytes.subarray(bytes.length - 1 - data.length, bytes.length - 1)
