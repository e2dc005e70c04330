import { Schema } from "effect"

/** An exchange as ticklake speaks to it. */
export const Venue = Schema.Literals(["binance", "coinbase", "upbit", "okx", "bybit"])
export type Venue = typeof Venue.Type

/** Every venue, in the order of the documentation. */
export const venues: ReadonlyArray<Venue> = Venue.literals
