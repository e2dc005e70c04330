import type { TradeEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"

/** A feed of trades whose ids do not follow each other. */
export const feed = Feed.make("upbit", "KRW-BTC", "trade")

/** One of them, traded and received at `micros`. */
export const trade = (id: number, micros: number): TradeEvent => ({
  dataType: "trade",
  symbol: "KRW-BTC",
  sequenceId: String(id),
  timestampCollector: micros,
  timestampExchange: micros,
  data: Buffer.from(String(id)),
  position: null,
  tradeId: String(id),
  price: 1,
  size: 1,
  side: "buy"
})
