import type { Frame } from "../../domain/Frame.ts"
import { events, malformed, type Parsed } from "../Exchange.ts"
import { composedId } from "../wire/composedId.ts"
import { decimalText, type JsonObject, rfc3339ToMicros } from "../wire/json.ts"

const isLevel = (level: unknown): boolean =>
  Array.isArray(level) && level.length >= 2 && decimalText(level[0]) !== null && decimalText(level[1]) !== null

const isChange = (change: unknown): boolean =>
  Array.isArray(change) && (change[0] === "buy" || change[0] === "sell") && isLevel(change.slice(1))

const row = (frame: Frame, symbol: string, timestampExchange: number | null, isSnapshot: boolean): Parsed =>
  events([{
    dataType: "orderbook",
    symbol,
    sequenceId: composedId(timestampExchange === null ? "snapshot" : String(timestampExchange), frame.bytes),
    timestampCollector: frame.receivedAtMicros,
    timestampExchange,
    data: frame.bytes,
    position: null,
    isSnapshot
  }])

/** The complete book of a `snapshot` message, which has a `time` on some servers only. */
export const parseSnapshot = (frame: Frame, message: JsonObject, symbol: string): Parsed => {
  const { asks, bids, time } = message
  const timestampExchange = rfc3339ToMicros(time)
  if (time !== undefined && timestampExchange === null) return malformed("snapshot: time is not an RFC 3339 time")
  if (!Array.isArray(bids) || !bids.every(isLevel)) return malformed("snapshot: bids have not the known shape")
  if (!Array.isArray(asks) || !asks.every(isLevel)) return malformed("snapshot: asks have not the known shape")
  return row(frame, symbol, timestampExchange, true)
}

/** The changes of an `l2update` message. */
export const parseUpdate = (frame: Frame, message: JsonObject, symbol: string): Parsed => {
  const timestampExchange = rfc3339ToMicros(message.time)
  if (timestampExchange === null) return malformed("l2update: time is not an RFC 3339 time")
  const { changes } = message
  if (!Array.isArray(changes) || !changes.every(isChange)) {
    return malformed("l2update: changes have not the known shape")
  }
  return row(frame, symbol, timestampExchange, false)
}
