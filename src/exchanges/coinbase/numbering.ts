import { malformed, type Parsed } from "../Exchange.ts"
import { type JsonObject, safeInteger } from "../wire/json.ts"

/** The `sequence_num` of a message: it counts every message of the connection, over all channels and products. */
export const sequenceNumber = (message: JsonObject): number | null => {
  const sequence = safeInteger(message.sequence_num)
  return sequence !== null && sequence >= 0 ? sequence : null
}

/** A message that gave nothing but still took its number, so that it does not look lost as well. */
export const malformedAt = (sequence: number, reason: string): Parsed => ({
  ...malformed(reason),
  connectionSequence: sequence
})
