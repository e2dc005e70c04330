import type { Venue } from "../domain/Venue.ts"
import * as Binance from "./binance/Binance.ts"
import * as Bybit from "./bybit/Bybit.ts"
import * as Coinbase from "./coinbase/Coinbase.ts"
import type { MakeExchange } from "./Exchange.ts"
import * as Okx from "./okx/Okx.ts"
import * as Upbit from "./upbit/Upbit.ts"

/** The adapter of every venue. */
export const registry: Readonly<Record<Venue, MakeExchange>> = {
  binance: Binance.make,
  coinbase: Coinbase.make,
  upbit: Upbit.make,
  okx: Okx.make,
  bybit: Bybit.make
}
