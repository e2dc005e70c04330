import type { TradeEvent } from "../../domain/Event.ts"
import type { Parsed, Problem } from "../Exchange.ts"
import { elements, slice, valueAtPath } from "./jsonSpan.ts"

/**
 * The trades of a message whose array at `path` of `bytes` holds `values`, oldest first as on the wire. `read` makes a
 * trade of one element and its bytes, or says what is wrong with it, which costs this element alone.
 */
export const tradeBatch = (
  bytes: Buffer,
  path: ReadonlyArray<string>,
  values: ReadonlyArray<unknown>,
  read: (value: unknown, data: Buffer) => TradeEvent | string
): Parsed => {
  const array = valueAtPath(bytes, path)
  const spans = array === null ? [] : elements(bytes, array)
  const events: Array<TradeEvent> = []
  const problems: Array<Problem> = []
  if (spans.length !== values.length || spans.length === 0) {
    problems.push({ _tag: "Malformed", reason: `no trades in ${path.join(".")}` })
    return { events, control: null, problems, connectionSequence: null }
  }
  for (const [i, span] of spans.entries()) {
    const trade = read(values[i], slice(bytes, span))
    if (typeof trade === "string") problems.push({ _tag: "Malformed", reason: trade })
    else events.push(trade)
  }
  return { events, control: null, problems, connectionSequence: null }
}
