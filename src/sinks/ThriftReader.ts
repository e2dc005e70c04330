import { Malformed } from "./RecordReader.ts"
import { type } from "./ThriftWriter.ts"

/**
 * Reads a struct in Thrift's compact protocol, and makes objects of what is asked for alone. All of it is walked through: it throws
 * `Malformed` where the bytes cannot be such a struct.
 */
export class ThriftReader {
  readonly #bytes: Buffer
  #at = 0
  /** Of the value that is to be read next; 0 once it is. */
  #type: number = type.struct

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** How many bytes have been walked through. */
  get position(): number {
    return this.#at
  }

  /** Calls `read` with the number of each field, which it may read, once, or leave. */
  struct(read: (field: number) => void): void {
    this.#take(type.struct)
    let field = 0
    for (let head = this.#byte(); head !== 0; head = this.#byte()) {
      field = head < 0x10 ? this.#integer() : field + (head >>> 4)
      this.#type = head & 0x0f
      read(field)
      if (this.#type !== 0) this.#skip()
    }
  }

  /** Calls `read` for each element, which it may read, once, or leave. */
  list(read: () => void): void {
    this.#take(type.list)
    const head = this.#byte()
    const length = head >>> 4 === 15 ? this.#varint() : head >>> 4
    const elementType = head & 0x0f
    // Here, and here only, a boolean would have a byte of its own. No metadata has a list of them.
    if (elementType === type.true || elementType === type.false) throw new Malformed("a list of booleans")
    for (let index = 0; index < length; index++) {
      this.#type = elementType
      read()
      if (this.#type !== 0) this.#skip()
    }
  }

  /** An integer that a double holds exactly. */
  integer(): number {
    if (this.#type !== type.i64) this.#take(type.i32)
    this.#type = 0
    return this.#integer()
  }

  /** A view of what was read. */
  binary(): Buffer {
    this.#take(type.binary)
    const length = this.#varint()
    this.#pass(length)
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  #skip(): void {
    switch (this.#type) {
      case type.true:
      case type.false:
        this.#type = 0
        break
      case type.i16:
      case type.i32:
      case type.i64:
        this.#type = 0
        this.#varint()
        break
      case type.binary:
        this.#type = 0
        this.#pass(this.#varint())
        break
      case type.list:
        this.list(() => {})
        break
      default:
        this.struct(() => {})
    }
  }

  #pass(bytes: number): void {
    if (this.#at + bytes > this.#bytes.length) throw new Malformed("a value is longer than what it is in")
    this.#at += bytes
  }

  #take(expected: number): void {
    if (this.#type !== expected) throw new Malformed("a value is not of the type that it should have")
    this.#type = 0
  }

  #integer(): number {
    const value = this.#varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  #varint(): number {
    let value = 0
    for (let scale = 1;; scale *= 0x80) {
      const byte = this.#byte()
      value += byte % 0x80 * scale
      if (byte < 0x80) return value
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new Malformed("a struct is shorter than it says")
    this.#at++
    return byte
  }
}
