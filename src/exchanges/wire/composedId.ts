import { crc32 } from "node:zlib"

/**
 * A sequence id for a message of a venue that numbers nothing: `<time>-<CRC-32 of the message, 8 hex digits>`. Two
 * recorders of the same message agree on it, and it sorts by `time` while that keeps its number of digits.
 */
export const composedId = (time: string, message: Buffer): string =>
  `${time}-${crc32(message).toString(16).padStart(8, "0")}`
