import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { decodeThrift } from "@dsnp/parquetjs/dist/lib/util.js"
import { Effect } from "effect"
import { crc32, zstdDecompressSync } from "node:zlib"
import { decoded, type FileBytes, unsound, type UnsoundFile } from "./footer.ts"
import type { Chunk } from "./rowGroupMetadata.ts"

/** A column of a row group. */
export interface ColumnValues {
  /** PLAIN bytes of the values that are not null. */
  readonly values: Buffer
  /** Definition levels; empty where the column takes no nulls. */
  readonly levels: Buffer
}

/** Reads a column as the sinks write it: one page of version 2, PLAIN values, ZSTD. */
export const readColumn = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  { column, from, length }: Chunk
): Effect.fn.Return<ColumnValues, E | UnsoundFile> {
  const chunk = yield* file.read(from, length)
  const { header, headerBytes } = yield* decoded(`a page of ${column}`, () => {
    const value = new parquet.PageHeader()
    return { headerBytes: decodeThrift(value, chunk), header: value }
  })
  const body = chunk.subarray(headerBytes, headerBytes + header.compressed_page_size)
  const damaged = body.length !== header.compressed_page_size ||
    typeof header.crc === "number" && (crc32(body) | 0) !== header.crc
  if (damaged) return yield* unsound(`a page of ${column} does not have the bytes that were written`)
  const page = header.data_page_header_v2
  if (page?.encoding !== parquet.Encoding.PLAIN || headerBytes + body.length !== chunk.length) {
    return yield* unsound(`its column ${column} cannot be read`)
  }
  const levels = body.subarray(0, page.definition_levels_byte_length)
  return yield* decoded(`a page of ${column}`, () => ({
    levels,
    values: zstdDecompressSync(body.subarray(levels.length))
  }))
})

/** Where each of the values of a text column begins, and `length` of its bytes as the end of the last. */
export function* textPlaces(values: Buffer): Generator<number> {
  let at = 0
  while (at < values.length) {
    yield at
    at += 4 + values.readUInt32LE(at)
  }
  if (at !== values.length) throw new RangeError("lengths that do not add up")
}

/** The text whose length stands at `at`. */
export const textAt = (values: Buffer, at: number): string =>
  values.toString("utf8", at + 4, at + 4 + values.readUInt32LE(at))

/** All values of a text column. */
export const texts = (values: Buffer): Array<string> => Array.from(textPlaces(values), (at) => textAt(values, at))

/** The first and the last value of a text column; null where it has none. */
export const endTexts = (values: Buffer): { readonly first: string; readonly last: string } | null => {
  let last = -1
  for (const at of textPlaces(values)) last = at
  return last === -1 ? null : { first: textAt(values, 0), last: textAt(values, last) }
}

/** Value `index` of a column of integers that a double holds exactly. */
export const integerAt = (values: Buffer, index: number): number =>
  values.readInt32LE(index * 8 + 4) * 0x1_0000_0000 + values.readUInt32LE(index * 8)

/** Where row `row` of a nullable column has its value; null where it is null. The levels are one run, as `definitionLevels` makes them. */
export const valueIndex = ({ levels }: ColumnValues, row: number): number | null => {
  let at = 0
  let run = 0
  for (let shift = 1;; shift *= 0x80) {
    const byte = levels[at++] ?? 0
    run += (byte & 0x7f) * shift
    if (byte < 0x80) break
  }
  // The lowest bit tells one value for all rows from a bit for each.
  if (run % 2 === 0) return levels[at] === 1 ? row : null
  const isSet = (index: number) => (((levels[at + (index >>> 3)] ?? 0) >>> (index & 7)) & 1) === 1
  if (!isSet(row)) return null
  let before = 0
  for (let index = 0; index < row; index++) if (isSet(index)) before++
  return before
}
