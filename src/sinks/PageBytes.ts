import { writeBytes, writeInt64, writeText } from "./plainValues.ts"
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

  /** BYTE_ARRAY, from text. */
  appendText(text: string): void {
    const at = this.#reserve(4 + text.length * 3)
    this.#length = writeText(this.#bytes, at, text)
  }

  /** BYTE_ARRAY, a copy of `value`. */
  appendBytes(value: Buffer): void {
    const at = this.#reserve(4 + value.length)
    this.#length = writeBytes(this.#bytes, at, value)
  }

  /** `length` bytes from `from` on of `source`, which are in the notation of a page already. */
  appendPart(source: Buffer, from: number, length: number): void {
    const at = this.#reserve(length)
    const bytes = this.#bytes
    // Numbers and ids: a loop here beats a call into the runtime.
    if (length <= 32) { for (let i = 0; i < length; i++) bytes[at + i] = source[from + i]! }
    else source.copy(bytes, at, from, from + length)
    this.#length = at + length
  }

  /** INT64, from an integer that a double holds exactly. */
  appendInt64(value: number): void {
    const at = this.#reserve(8)
    this.#length = writeInt64(this.#bytes, at, value)
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
