import type { Feed } from "./Feed.ts"

/** What names a feed in metrics, logs and answers. */
export type FeedLabels = Readonly<Record<"exchange" | "symbol" | "data_type", string>>

export const feedLabels = ({ dataType, exchange, normalizedSymbol }: Feed): FeedLabels => ({
  exchange,
  symbol: normalizedSymbol,
  data_type: dataType
})
