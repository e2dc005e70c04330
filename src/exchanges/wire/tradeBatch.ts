import type { TradeEvent } from "../../domain/Event.ts"
import { malformed, type Parsed, type Problem } from "../Exchange.ts"
import { elements, slice, type Span, valueAtPath } from "./jsonSpan.ts"

/** Makes a trade of one element and its bytes, or says what is wrong with it, which costs this element alone. */
export type ReadTrade = (value: unknown, data: Buffer) => TradeEvent | string

/** What is read of a message with trades: of each the members that count, and where it stands. */
export interface TradeGlance {
  readonly values: ReadonlyArray<unknown>
  readonly spans: ReadonlyArray<Span>
}

/** The trades that `values`, found at `spans` of `bytes`, stand for, in this order. */
export const tradesOf = (bytes: Buffer, { spans, values }: TradeGlance, read: ReadTrade): Parsed => {
  const events: Array<TradeEvent> = []
  const problems: Array<Problem> = []
  for (const [i, span] of spans.entries()) {
    const trade = read(values[i], slice(bytes, span))
    if (typeof trade === "string") problems.push({ _tag: "Malformed", reason: trade })
    else events.push(trade)
  }
  return { events, control: null, problems, connectionSequence: null }
}

/**
 * The trades of a message whose array at `path` of `bytes` holds `values`, oldest first as on the wire.
 */
export const tradeBatch = (
  bytes: Buffer,
  path: ReadonlyArray<string>,
  values: ReadonlyArray<unknown>,
  read: ReadTrade
): Parsed => {
  const array = valueAtPath(bytes, path)
  const spans = array === null ? [] : elements(bytes, array)
  if (spans.length !== values.length || spans.length === 0) return malformed(`no trades in ${path.join(".")}`)
  return tradesOf(bytes, { spans, values }, read)
}
