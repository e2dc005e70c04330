import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { decodeThrift } from "@dsnp/parquetjs/dist/lib/util.js"
import { Effect } from "effect"
import { crc32, zstdDecompressSync } from "node:zlib"
import { decoded, unsound, type UnsoundFile } from "./footer.ts"

/** Where a file has one column of one row group. */
export interface Chunk {
  readonly from: number
  readonly length: number
}

/** Where a row group has the column `name`; null where it has none. */
export const chunkOf = (group: parquet.RowGroup | undefined, name: string): Chunk | null => {
  const chunk = group?.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === name)?.meta_data
  return chunk === undefined
    ? null
    : { from: chunk.data_page_offset.toNumber(), length: chunk.total_compressed_size.toNumber() }
}

/** The values of each page of a column chunk as the sinks write it: PLAIN values without nulls, ZSTD, pages of version 2. */
export const pagesOf = Effect.fnUntraced(
  function*(chunk: Buffer, name: string): Effect.fn.Return<ReadonlyArray<Buffer>, UnsoundFile> {
    const unreadable = `its column ${name} cannot be read`
    const pages: Array<Buffer> = []
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
      pages.push(yield* decoded(`a page of ${name}`, () => zstdDecompressSync(body)))
      at += headerBytes + body.length
    }
    if (pages.length === 0) return yield* unsound(unreadable)
    return pages
  }
)
