import * as spareBytes from "./spareBytes.ts"

const empty: Buffer = Buffer.alloc(0)

/** Bytes that grow, in the notation of Parquet's PLAIN encoding: a column, or a record of the journal. Costs nothing before the first value, then doubles as it fills. */
export class PageBytes {
  readonly #initialBytes: number
  #bytes = empty
  #length = 0

  constructor(initialBytes: number) {
    this.#initialBytes = initialBytes
  }

  get length(): number {
    return this.#length
  }

  /** What the column holds of the process' memory, used or not. */
  get capacity(): number {
    return this.#bytes.length
  }

  /** The bytes so far; a view that later values may leave behind. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** BYTE_ARRAY: length as 4 bytes, then the UTF-8 of `text`. */
  appendText(text: string): void {
    const at = this.#reserve(4 + text.length * 3) + 4
    const bytes = this.#bytes
    // Ids are short ASCII nearly always, where a loop here beats a call into the runtime.
    let end = at
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code >= 0x80) {
        end = at + bytes.write(text, at, "utf8")
        break
      }
      bytes[end++] = code
    }
    bytes.writeUInt32LE(end - at, at - 4)
    this.#length = end
  }

  /** BYTE_ARRAY: length as 4 bytes, then a copy of `value`. */
  appendBytes(value: Buffer): void {
    const at = this.#reserve(4 + value.length)
    this.#bytes.writeUInt32LE(value.length, at)
    value.copy(this.#bytes, at + 4)
    this.#length = at + 4 + value.length
  }

  /** Bytes that are in the notation of a page already. */
  appendEncoded(bytes: Buffer): void {
    const at = this.#reserve(bytes.length)
    bytes.copy(this.#bytes, at)
    this.#length = at + bytes.length
  }

  /** INT64, from an integer that a double holds exactly; in halves, because a BigInt per value is an allocation per value. */
  appendInt64(value: number): void {
    const at = this.#reserve(8)
    const high = Math.floor(value / 0x1_0000_0000)
    this.#bytes.writeUInt32LE(value - high * 0x1_0000_0000, at)
    this.#bytes.writeInt32LE(high, at + 4)
    this.#length = at + 8
  }

  /** DOUBLE. */
  appendDouble(value: number): void {
    const at = this.#reserve(8)
    this.#length = this.#bytes.writeDoubleLE(value, at)
  }

  appendByte(value: number): void {
    const at = this.#reserve(1)
    this.#bytes[at] = value
    this.#length = at + 1
  }

  appendUInt32(value: number): void {
    const at = this.#reserve(4)
    this.#length = this.#bytes.writeUInt32LE(value, at)
  }

  /** Writes over the 4 bytes at `at`. */
  setUInt32(value: number, at: number): void {
    this.#bytes.writeUInt32LE(value, at)
  }

  /** Goes back to `length` bytes and keeps the memory. */
  cutTo(length: number): void {
    this.#length = length
  }

  /** Gives up bytes and memory; no view of them may be in use. */
  release(): void {
    spareBytes.give(this.#bytes)
    this.#bytes = empty
    this.#length = 0
  }

  /** Sets bit `index` of a bit-packed column, least significant bit first; call with rising indexes. */
  appendBit(index: number, value: boolean): void {
    const byte = index >>> 3
    if (byte === this.#length) {
      const at = this.#reserve(1)
      this.#bytes[at] = 0
      this.#length = byte + 1
    }
    if (value) this.#bytes[byte] = (this.#bytes[byte] ?? 0) | (1 << (index & 7))
  }

  /** Makes room for `extra` bytes and answers where they go. */
  #reserve(extra: number): number {
    const needed = this.#length + extra
    if (needed > this.#bytes.length) {
      const grown = spareBytes.take(Math.max(needed, this.#initialBytes))
      this.#bytes.copy(grown, 0, 0, this.#length)
      spareBytes.give(this.#bytes)
      this.#bytes = grown
    }
    return this.#length
  }
}
