import { PageBytes } from "./PageBytes.ts"

/** The types of fields in Thrift's compact protocol, as far as the metadata of pages and row groups has them. */
export const type = {
  true: 1,
  false: 2,
  i16: 4,
  i32: 5,
  i64: 6,
  binary: 8,
  list: 9,
  struct: 12
} as const

/**
 * Writes structs in Thrift's compact protocol. The package's writer makes a buffer of each byte and an object of some 400 bytes of
 * each 64-bit integer, which for small row groups cost as much as their rows.
 */
export class ThriftWriter {
  readonly #bytes: PageBytes
  readonly #outer: Array<number> = []
  #field = 0

  constructor(initialBytes: number) {
    this.#bytes = new PageBytes(initialBytes)
  }

  /** Ends the outermost struct and answers all bytes; the writer is not to be used again. */
  finish(): Buffer {
    this.#bytes.appendByte(0)
    const written = Buffer.from(this.#bytes.written)
    this.#bytes.release()
    return written
  }

  i32(field: number, value: number): void {
    this.#begin(field, type.i32)
    this.#integer(value)
  }

  /** An integer of 52 bits at most. */
  i64(field: number, value: number): void {
    this.#begin(field, type.i64)
    this.#integer(value)
  }

  boolean(field: number, value: boolean): void {
    this.#begin(field, value ? type.true : type.false)
  }

  binary(field: number, value: Buffer): void {
    this.#begin(field, type.binary)
    this.#binary(value)
  }

  i32s(field: number, values: ReadonlyArray<number>): void {
    this.#beginList(field, type.i32, values.length)
    for (const value of values) this.#integer(value)
  }

  binaries(field: number, values: ReadonlyArray<Buffer>): void {
    this.#beginList(field, type.binary, values.length)
    for (const value of values) this.#binary(value)
  }

  /** A struct, whose fields `write` writes. */
  struct(field: number, write: () => void): void {
    this.#begin(field, type.struct)
    this.#struct(write)
  }

  /** A list of structs, one for each of `values`, whose fields `write` writes. */
  structs<A>(field: number, values: ReadonlyArray<A>, write: (value: A) => void): void {
    this.#beginList(field, type.struct, values.length)
    for (const value of values) this.#struct(() => write(value))
  }

  /** A list of structs that are written already. */
  written(field: number, values: ReadonlyArray<Buffer>): void {
    this.#beginList(field, type.struct, values.length)
    for (const value of values) this.#bytes.appendPart(value, 0, value.length)
  }

  #struct(write: () => void): void {
    this.#outer.push(this.#field)
    this.#field = 0
    write()
    this.#bytes.appendByte(0)
    this.#field = this.#outer.pop() ?? 0
  }

  /** Fields come in the order of their numbers, and none is more than 15 behind the one before it. */
  #begin(field: number, fieldType: number): void {
    this.#bytes.appendByte((field - this.#field) << 4 | fieldType)
    this.#field = field
  }

  #beginList(field: number, elementType: number, length: number): void {
    this.#begin(field, type.list)
    if (length < 15) this.#bytes.appendByte(length << 4 | elementType)
    else {
      this.#bytes.appendByte(0xf0 | elementType)
      this.#varint(length)
    }
  }

  #binary(value: Buffer): void {
    this.#varint(value.length)
    this.#bytes.appendPart(value, 0, value.length)
  }

  #integer(value: number): void {
    this.#varint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#bytes.appendByte(rest % 0x80 | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes.appendByte(rest)
  }
}
