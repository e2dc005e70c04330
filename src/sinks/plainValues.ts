// Values in the notation of Parquet's PLAIN encoding, written into a buffer that has room for them. Each answers where it ends.

/** BYTE_ARRAY: length as 4 bytes, then the UTF-8 of `text`, at most three bytes for each of its characters. */
export const writeText = (bytes: Buffer, at: number, text: string): number => {
  const start = at + 4
  // Ids are short ASCII nearly always, where a loop here beats a call into the runtime.
  let end = start
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x80) {
      end = start + bytes.write(text, start, "utf8")
      break
    }
    bytes[end++] = code
  }
  bytes.writeUInt32LE(end - start, at)
  return end
}

/** BYTE_ARRAY: length as 4 bytes, then a copy of `value`. */
export const writeBytes = (bytes: Buffer, at: number, value: Buffer): number => {
  bytes.writeUInt32LE(value.length, at)
  value.copy(bytes, at + 4)
  return at + 4 + value.length
}

/** INT64, from an integer that a double holds exactly; in halves, because a BigInt per value is an allocation per value. */
export const writeInt64 = (bytes: Buffer, at: number, value: number): number => {
  const high = Math.floor(value / 0x1_0000_0000)
  bytes.writeUInt32LE(value - high * 0x1_0000_0000, at)
  return bytes.writeInt32LE(high, at + 4)
}
