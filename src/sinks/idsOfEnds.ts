import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { decodeThrift } from "@dsnp/parquetjs/dist/lib/util.js"
import { Effect } from "effect"
import { crc32, zstdDecompressSync } from "node:zlib"
import { column } from "./columns.ts"
import { decoded, type FileBytes, unsound, type UnsoundFile } from "./footer.ts"

/** The ids of the first and the last row. */
export interface EndIds {
  readonly first: string
  readonly last: string
}

const { name } = column.sequenceId
const unreadable = `its column ${name} cannot be read`

/** Where the ids of one row group are. */
interface Chunk {
  readonly from: number
  readonly length: number
}

/** Where the ids of the first and the last row group are; they may be the same. */
export interface EndChunks {
  readonly first: Chunk
  readonly last: Chunk
}

const chunkOf = (group: parquet.RowGroup | undefined): Chunk | null => {
  const chunk = group?.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === name)?.meta_data
  return chunk === undefined
    ? null
    : { from: chunk.data_page_offset.toNumber(), length: chunk.total_compressed_size.toNumber() }
}

/** Where a file has the ids of its ends; null where it has none. */
export const endChunks = (groups: ReadonlyArray<parquet.RowGroup>): EndChunks | null => {
  const first = chunkOf(groups[0])
  const last = chunkOf(groups.at(-1))
  return first === null || last === null ? null : { first, last }
}

/** Reads the ids of a file's first and last row, and of its bytes only the id column of the first and the last row group. */
export const idsOfEnds = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  { first, last }: EndChunks
): Effect.fn.Return<EndIds, E | UnsoundFile> {
  const valuesAt = ({ from, length }: Chunk) => Effect.flatMap(file.read(from, length), valuesOf)
  const firstValues = yield* valuesAt(first)
  const lastValues = first.from === last.from ? firstValues : yield* valuesAt(last)
  return { first: firstValues[0] ?? "", last: lastValues.at(-1) ?? "" }
})

/** The texts of a column chunk as the sinks write it: PLAIN values without nulls, ZSTD, pages of version 2. */
const valuesOf = Effect.fnUntraced(function*(chunk: Buffer): Effect.fn.Return<ReadonlyArray<string>, UnsoundFile> {
  const texts: Array<string> = []
  let at = 0
  while (at < chunk.length) {
    const { header, headerBytes } = yield* decoded(`a page of ${name}`, () => {
      const value = new parquet.PageHeader()
      return { headerBytes: decodeThrift(value, chunk, at), header: value }
    })
    const body = chunk.subarray(at + headerBytes, at + headerBytes + header.compressed_page_size)
    const damaged = body.length !== header.compressed_page_size ||
      typeof header.crc === "number" && (crc32(body) | 0) !== header.crc
    if (damaged) return yield* unsound(`a page of ${name} does not have the bytes that were written`)
    const page = header.data_page_header_v2
    if (page?.encoding !== parquet.Encoding.PLAIN || page.definition_levels_byte_length > 0) {
      return yield* unsound(unreadable)
    }
    texts.push(...yield* decoded(`a page of ${name}`, () => textsOf(zstdDecompressSync(body))))
    at += headerBytes + body.length
  }
  if (texts.length === 0) return yield* unsound(unreadable)
  return texts
})

/** Values of the type BYTE_ARRAY: each its length and its bytes. Of all but the first and the last only the length is looked at. */
const textsOf = (values: Buffer): ReadonlyArray<string> => {
  let last = 0
  let at = 0
  while (at < values.length) {
    last = at
    at += 4 + values.readUInt32LE(at)
  }
  if (at !== values.length || at === 0) throw new RangeError("lengths that do not add up")
  const text = (from: number) => values.toString("utf8", from + 4, from + 4 + values.readUInt32LE(from))
  return [text(0), text(last)]
}
