import { isUtf8 } from "node:buffer"

/** A frame that could not be parsed, or its beginning. */
export interface UnparsedFrame {
  readonly receivedAtMicros: number
  /** Which of the feed's connections it came over. */
  readonly connection: number
  readonly reason: string
  /** Of the whole frame. */
  readonly frameBytes: number
  readonly bytes: Buffer
}

/** A copy of the first `maxBytes` of a frame, or of a little less so that no character is cut in two. */
export const beginningOf = (frame: Buffer, maxBytes: number): Buffer => {
  let end = Math.min(frame.length, maxBytes)
  if (end < frame.length) {
    const earliest = Math.max(0, end - 3)
    while (end > earliest && (frame[end]! & 0xc0) === 0x80) end--
  }
  // A copy: a frame may be a small part of what was read from the socket at once.
  return Buffer.from(frame.subarray(0, end))
}

/** The frame as one line of JSON: `text` where it is UTF-8, and else `base64`, either of them exactly what was received. */
export const lineOf = ({ bytes, connection, frameBytes, reason, receivedAtMicros }: UnparsedFrame): Buffer => {
  const content = isUtf8(bytes) ? { text: bytes.toString("utf8") } : { base64: bytes.toString("base64") }
  const cut = bytes.length < frameBytes ? { cut_to: bytes.length } : {}
  const line = { received: receivedAtMicros, connection, reason, bytes: frameBytes, ...cut, ...content }
  return Buffer.from(`${JSON.stringify(line)}\n`)
}
