import type { Frame } from "../../src/domain/Frame.ts"

/** When every frame of these tests was read from its socket, in microseconds. */
export const receivedAtMicros = 1_790_000_000_123_456

/** A frame as `ws` hands it over: often a window into a larger buffer. */
export const frameOf = (content: string | Uint8Array, offset = 3): Frame => {
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : Buffer.from(content)
  const pool = Buffer.concat([Buffer.alloc(offset, 0x22), bytes, Buffer.from("}]")])
  return { bytes: pool.subarray(offset, offset + bytes.length), receivedAtMicros }
}
