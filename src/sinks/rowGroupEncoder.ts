import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { serializeThrift } from "@dsnp/parquetjs/dist/lib/util.js"
import { constants, crc32, zstdCompress, zstdCompressSync, type ZstdOptions } from "node:zlib"
import type { ColumnPage, Range } from "./ColumnPage.ts"
import type { Column } from "./columns.ts"
import { int64 } from "./int64.ts"
import type { RowBuffer } from "./RowBuffer.ts"

/** The physical type of each kind of column. */
const physicalType: Readonly<Record<Column["kind"], parquet.Type>> = {
  text: parquet.Type.BYTE_ARRAY,
  timestamp: parquet.Type.INT64,
  integer: parquet.Type.INT64,
  double: parquet.Type.DOUBLE,
  boolean: parquet.Type.BOOLEAN
}

const zero = int64(0)

/** Above this a page is compressed off the main thread; below it the way there and back costs more than the work. */
const asyncAboveBytes = 64 * 1024

/** A row group as it stands in a file: its bytes, and its metadata for the footer. */
export interface EncodedRowGroup {
  readonly body: Buffer
  readonly metadata: parquet.RowGroup
}

/** Encodes `rows` as one row group that will start at `offset` of its file: one DATA_PAGE_V2 a column, ZSTD, with checksums. */
export const encodeRowGroup = async (rows: RowBuffer, offset: number, zstdLevel: number): Promise<EncodedRowGroup> => {
  const { pages, release } = rows.columns()
  // Where one fails, the memory is left to the garbage collector: other columns may be in the thread pool still.
  const compressed = await Promise.all(pages.map((page) => compressPage(page, rows.rows, zstdLevel)))
  // Each of these integers is some 400 bytes of objects: one will do for all columns.
  const count = int64(rows.rows)
  const parts: Array<Buffer> = []
  const chunks: Array<parquet.ColumnChunk> = []
  let at = offset
  let uncompressedBytes = 0
  for (const [index, page] of pages.entries()) {
    const values = compressed[index] ?? Buffer.alloc(0)
    const header = pageHeader(page, values, rows.rows)
    const chunkBytes = header.length + page.levels.length + values.length
    const rawBytes = header.length + page.levels.length + page.values.length
    chunks.push(columnChunk(page, { offset: at, count, bytes: chunkBytes, rawBytes }))
    parts.push(header, page.levels, values)
    at += chunkBytes
    uncompressedBytes += rawBytes
  }
  const metadata = new parquet.RowGroup({
    columns: chunks,
    num_rows: count,
    total_byte_size: int64(uncompressedBytes),
    total_compressed_size: int64(at - offset),
    file_offset: int64(offset)
  })
  const body = Buffer.concat(parts)
  release()
  return { body, metadata }
}

const pageHeader = (page: ColumnPage, compressed: Buffer, rows: number): Buffer =>
  serializeThrift(
    new parquet.PageHeader({
      type: parquet.PageType.DATA_PAGE_V2,
      uncompressed_page_size: page.levels.length + page.values.length,
      compressed_page_size: page.levels.length + compressed.length,
      crc: crc32(compressed, crc32(page.levels)) | 0,
      data_page_header_v2: new parquet.DataPageHeaderV2({
        num_values: rows,
        num_nulls: page.nullCount,
        num_rows: rows,
        encoding: parquet.Encoding.PLAIN,
        definition_levels_byte_length: page.levels.length,
        repetition_levels_byte_length: 0,
        is_compressed: true
      })
    })
  )

const columnChunk = (page: ColumnPage, chunk: {
  readonly offset: number
  readonly count: parquet.RowGroup["num_rows"]
  readonly bytes: number
  readonly rawBytes: number
}): parquet.ColumnChunk =>
  new parquet.ColumnChunk({
    // Deprecated: 0 says that the metadata stands in the footer alone.
    file_offset: zero,
    meta_data: new parquet.ColumnMetaData({
      type: physicalType[page.column.kind],
      encodings: [parquet.Encoding.PLAIN, parquet.Encoding.RLE],
      path_in_schema: [page.column.name],
      codec: parquet.CompressionCodec.ZSTD,
      num_values: chunk.count,
      total_uncompressed_size: int64(chunk.rawBytes),
      total_compressed_size: int64(chunk.bytes),
      data_page_offset: int64(chunk.offset),
      statistics: statistics(page)
    })
  })

const statistics = (page: ColumnPage): parquet.Statistics => {
  const nulls = { null_count: page.nullCount === 0 ? zero : int64(page.nullCount) }
  if (page.range === null) return new parquet.Statistics(nulls)
  const [min, max] = plainRange(page.range)
  const range = { ...nulls, min_value: min, max_value: max, is_min_value_exact: true, is_max_value_exact: true }
  // The old fields compare bytes as signed, which is right for numbers and wrong for text.
  return new parquet.Statistics(page.range.kind === "timestamp" ? { ...range, min, max } : range)
}

const plainRange = (range: Range): readonly [Buffer, Buffer] => {
  switch (range.kind) {
    case "timestamp":
      return [plainInt64(range.min), plainInt64(range.max)]
    case "text":
      return [Buffer.from(range.min), Buffer.from(range.max)]
    case "boolean":
      return [Buffer.from([range.min ? 1 : 0]), Buffer.from([range.max ? 1 : 0])]
  }
}

const plainInt64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(value))
  return bytes
}

/** Pages in which all rows have one text: some 30 bytes each, and the same in nearly every full row group of a series. */
const constantPages = new Map<string, Buffer>()
const constantPagesKept = 4096

const compressPage = async (page: ColumnPage, rows: number, level: number): Promise<Buffer> => {
  if (page.constant === undefined) return compress(page.values, level)
  const key = `${level} ${rows} ${page.constant}`
  const known = constantPages.get(key)
  if (known !== undefined) return known
  const made = await compress(page.values, level)
  if (constantPages.size >= constantPagesKept) constantPages.clear()
  constantPages.set(key, made)
  return made
}

const compress = (values: Buffer, level: number): Promise<Buffer> | Buffer => {
  const options: ZstdOptions = {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    pledgedSrcSize: values.length,
    // A trip to the thread pool for each: fewer than by the default of 16 KiB, and little is taken in vain.
    chunkSize: Math.min(256 * 1024, Math.max(1024, values.length >>> 2))
  }
  if (values.length < asyncAboveBytes) return zstdCompressSync(values, options)
  return new Promise((resolve, reject) =>
    zstdCompress(values, options, (error, compressed) => error === null ? resolve(compressed) : reject(error))
  )
}
