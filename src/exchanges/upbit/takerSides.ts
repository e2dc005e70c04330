import type { TradeEvent } from "../../domain/Event.ts"

/** The taker's side by `ask_bid`. */
export const takerSides: ReadonlyMap<unknown, TradeEvent["side"]> = new Map([["ASK", "sell"], ["BID", "buy"]])
