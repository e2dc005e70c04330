import { Market } from "../../src/simulator/Market.ts"
import type { Venue } from "../../src/domain/Venue.ts"

const marks =
  /"(?:buy|sell|Buy|Sell|BUY|SELL|ASK|BID|RISE|FALL|EVEN|SNAPSHOT|REALTIME)"|true|false|-?\d+(?:\.\d+)?(?:E-?\d+)?/g

/**
 * What two messages of the same kind have in common: keys and their order, what is quoted, how it nests. Numbers,
 * flags and sides become marks, and repeated elements of an array count once.
 */
export const shape = (text: string): string => {
  let out = text.replaceAll(marks, (mark) => mark.startsWith("\"") ? "\"W\"" : /^[tf]/.test(mark) ? "B" : "9")
  for (const element of [/(\[[^[\]]*\])(?:,\1)+/g, /(\{[^{}]*\})(?:,\1)+/g]) out = out.replaceAll(element, "$1")
  return out
}

/** A market some steps into its life. */
export const someMarket = (venue: Venue, symbol: string, depth = 50): Market => {
  const market = new Market({ seed: "shape", venue, symbol, depth, sweep: 8, restartProbability: 0, tapeLength: 1_000 })
  for (let i = 0; i < 20; i++) market.step(1_790_000_000_000 + i)
  return market
}

/** The only fill of an array that cannot be empty. */
export const first = <A>(values: ReadonlyArray<A>): A => {
  const [value] = values
  if (value === undefined) throw new Error("expected at least one value")
  return value
}
