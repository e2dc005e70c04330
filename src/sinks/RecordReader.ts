/** What is read is not what was written there. */
export class Malformed extends Error {}

/** Reads what `PageBytes` wrote, in the same order; throws `Malformed` where that cannot be. */
export class RecordReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Where the next value starts. */
  get at(): number {
    return this.#at
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#take(1))
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#take(4))
  }

  /** An integer that a double holds exactly. */
  int64(): number {
    const at = this.#take(8)
    return this.#bytes.readInt32LE(at + 4) * 0x1_0000_0000 + this.#bytes.readUInt32LE(at)
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#take(8))
  }

  text(): string {
    return this.bytes().toString()
  }

  /** A view of what was read. */
  bytes(): Buffer {
    const length = this.uint32()
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  #take(bytes: number): number {
    const at = this.#at
    if (at + bytes > this.#bytes.length) throw new Malformed("the record is shorter than it says")
    this.#at = at + bytes
    return at
  }
}
