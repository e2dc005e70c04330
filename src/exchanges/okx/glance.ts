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
  level,
  number,
  ownText,
  whole,
  word
} from "../wire/shape.ts"
import type { TradeGlance } from "../wire/tradeBatch.ts"

const levels = array(level(2))

const before = cut(either(json`-1`, integer))
const numbers = either(
  json`"seqId":${cut(integer)},"prevSeqId":${before}`,
  json`"prevSeqId":${before},"seqId":${cut(integer)}`
)

const book = whole(
  json`{"arg":{"channel":"books","instId":"${cut(word)}"},"action":"${
    cut(word)
  }","data":[{"asks":${levels},"bids":${levels},"ts":"${cut(digits)}","checksum":${number},${numbers}}]}`
)

const trades = batch(
  json`{"arg":{"channel":"trades","instId":"${cut(word)}"},"data":[`,
  json`{"instId":"${cut(word)}","tradeId":"${cut(digits)}","px":"${cut(decimal)}","sz":"${cut(decimal)}","side":"${
    cut(word)
  }","ts":"${cut(digits)}","count":"${cut(digits)}","source":"${word}","seqId":${integer}}`,
  "]}"
)

/** What is read of a message of `books`. */
export interface BookGlance {
  readonly instId: string
  readonly action: string
  readonly books: readonly [JsonObject]
}

/** Reads a message of `books` which is written as OKX writes them; null for any other message. */
export const glanceBook = (text: string): BookGlance | null => {
  const parts = book(text)
  if (parts === null) return null
  const [, instId = "", action = "", ts, seqId, prevSeqId, otherPrevSeqId, otherSeqId] = parts
  const value = {
    asks: soundLevels,
    bids: soundLevels,
    ts,
    seqId: Number(seqId ?? otherSeqId),
    prevSeqId: Number(prevSeqId ?? otherPrevSeqId)
  }
  return { instId, action, books: [value] }
}

/** What is read of a message of `trades` which is written as OKX writes them; null for any other message. */
export const glanceTrades = (text: string): TradeGlance & { readonly instId: string } | null => {
  const found = trades(text)
  if (found === null) return null
  const values = found.elements.map(({ parts }) => {
    const [, instId, tradeId, px, sz, side, ts, count] = parts
    return { instId, tradeId: ownText(tradeId), px, sz, side, ts, count }
  })
  return { instId: found.head[1] ?? "", values, spans: found.elements }
}
