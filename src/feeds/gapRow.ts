import type { GapEvent } from "../domain/Event.ts"
import type { Feed } from "../domain/Feed.ts"
import type { Gap } from "../domain/Gap.ts"

/** The row that says how a gap stands. */
export const gapRow = ({ symbol }: Feed, gap: Gap, nowMicros: number): GapEvent => ({
  dataType: "gap",
  symbol,
  sequenceId: `${gap.id}#${gap.revision}`,
  timestampCollector: nowMicros,
  timestampExchange: null,
  data: Buffer.from(JSON.stringify(gap)),
  position: null,
  gap
})
