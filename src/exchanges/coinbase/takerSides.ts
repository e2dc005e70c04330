import type { TradeEvent } from "../../domain/Event.ts"

/** The taker's side by what Coinbase writes, which is the maker's: upper case in Advanced Trade, lower in Exchange. */
export const takerSides: ReadonlyMap<unknown, TradeEvent["side"]> = new Map([
  ["BUY", "sell"],
  ["SELL", "buy"],
  ["buy", "sell"],
  ["sell", "buy"]
])
