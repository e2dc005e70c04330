import type { Series } from "./Series.ts"

/** What names a feed, or any other series, in metrics, logs and answers. */
export type FeedLabels = Readonly<Record<"exchange" | "symbol" | "data_type", string>>

export const feedLabels = ({ dataType, exchange, normalizedSymbol }: Series): FeedLabels => ({
  exchange,
  symbol: normalizedSymbol,
  data_type: dataType
})
