import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { constants, crc32, zstdCompress, zstdCompressSync, type ZstdOptions } from "node:zlib"
import type { ColumnPage, Range } from "./ColumnPage.ts"
import { column } from "./columns.ts"
import { physicalType } from "./fileFormat.ts"
import { highestOf, type IdAt } from "./HighestId.ts"
import type { RowBuffer } from "./RowBuffer.ts"
import * as rowGroupMetadata from "./rowGroupMetadata.ts"
import { ThriftWriter } from "./ThriftWriter.ts"

/** Above this a page is compressed off the main thread; below it the way there and back costs more than the work. */
const asyncAboveBytes = 64 * 1024

/** A row group as it stands in a file: its bytes, and its metadata for the footer. */
export interface EncodedRowGroup {
  readonly body: Buffer
  readonly metadata: rowGroupMetadata.RowGroupMetadata
  /** Null where one of its ids is no whole number. */
  readonly highestId: IdAt | null
}

/** Encodes `rows` as one row group that will start at `offset` of its file: one DATA_PAGE_V2 a column, ZSTD, with checksums. */
export const encodeRowGroup = async (rows: RowBuffer, offset: number, zstdLevel: number): Promise<EncodedRowGroup> => {
  const { pages, release } = rows.columns()
  // Where one fails, the memory is left to the garbage collector: other columns may be in the thread pool still.
  const compressed = await Promise.all(pages.map((page) => compressPage(page, rows.rows, zstdLevel)))
  const parts: Array<Buffer> = []
  const chunks: Array<WrittenChunk> = []
  let at = offset
  let uncompressedBytes = 0
  for (const [index, page] of pages.entries()) {
    const values = compressed[index] ?? Buffer.alloc(0)
    const header = pageHeader(page, values, rows.rows)
    const bytes = header.length + page.levels.length + values.length
    const rawBytes = header.length + page.levels.length + page.values.length
    chunks.push({ page, offset: at, bytes, rawBytes })
    parts.push(header, page.levels, values)
    at += bytes
    uncompressedBytes += rawBytes
  }
  const thrift = new ThriftWriter(1024)
  thrift.structs(1, chunks, (chunk) => writeChunk(thrift, chunk, rows.rows))
  thrift.i64(2, uncompressedBytes)
  thrift.i64(3, rows.rows)
  thrift.i64(5, offset)
  thrift.i64(6, at - offset)
  const metadata = rowGroupMetadata.fromThrift(thrift.finish())
  const body = Buffer.concat(parts)
  const ids = pages.find((page) => page.column === column.sequenceId)
  const highestId = ids === undefined ? null : highestOf(ids.values)
  release()
  return { body, metadata, highestId }
}

/** `PageHeader` of Parquet's `parquet.thrift`, which has the numbers of all fields here. */
const pageHeader = (page: ColumnPage, compressed: Buffer, rows: number): Buffer => {
  const thrift = new ThriftWriter(64)
  thrift.i32(1, parquet.PageType.DATA_PAGE_V2)
  thrift.i32(2, page.levels.length + page.values.length)
  thrift.i32(3, page.levels.length + compressed.length)
  thrift.i32(4, crc32(compressed, crc32(page.levels)) | 0)
  thrift.struct(8, () => {
    thrift.i32(1, rows)
    thrift.i32(2, page.nullCount)
    thrift.i32(3, rows)
    thrift.i32(4, parquet.Encoding.PLAIN)
    thrift.i32(5, page.levels.length)
    // No repetition levels.
    thrift.i32(6, 0)
    thrift.boolean(7, true)
  })
  return thrift.finish()
}

interface WrittenChunk {
  readonly page: ColumnPage
  readonly offset: number
  readonly bytes: number
  readonly rawBytes: number
}

/** `ColumnChunk`, with its `ColumnMetaData`. */
const writeChunk = (thrift: ThriftWriter, { bytes, offset, page, rawBytes }: WrittenChunk, rows: number): void => {
  // Deprecated: 0 says that the metadata stands in the footer alone.
  thrift.i64(2, 0)
  thrift.struct(3, () => {
    thrift.i32(1, physicalType[page.column.kind])
    thrift.i32s(2, encodings)
    thrift.binaries(3, [Buffer.from(page.column.name)])
    thrift.i32(4, parquet.CompressionCodec.ZSTD)
    thrift.i64(5, rows)
    thrift.i64(6, rawBytes)
    thrift.i64(7, bytes)
    thrift.i64(9, offset)
    thrift.struct(12, () => writeStatistics(thrift, page))
  })
}

const encodings = [parquet.Encoding.PLAIN, parquet.Encoding.RLE]

/** `Statistics`. */
const writeStatistics = (thrift: ThriftWriter, { nullCount, range }: ColumnPage): void => {
  const ends = range === null ? null : plainRange(range)
  // The old fields compare bytes as signed, which is right for numbers and wrong for text.
  if (ends !== null && range?.kind === "timestamp") {
    thrift.binary(1, ends.max)
    thrift.binary(2, ends.min)
  }
  thrift.i64(3, nullCount)
  if (ends === null) return
  thrift.binary(5, ends.max)
  thrift.binary(6, ends.min)
  // Both are exact.
  thrift.boolean(7, true)
  thrift.boolean(8, true)
}

const plainRange = (range: Range): { readonly min: Buffer; readonly max: Buffer } => {
  switch (range.kind) {
    case "timestamp":
      return { min: plainInt64(range.min), max: plainInt64(range.max) }
    case "text":
      return { min: Buffer.from(range.min), max: Buffer.from(range.max) }
    case "boolean":
      return { min: Buffer.from([range.min ? 1 : 0]), max: Buffer.from([range.max ? 1 : 0]) }
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
  // What the library answers is the beginning of something a thousand times as large, all of which it would keep alive.
  const own = Buffer.allocUnsafeSlow(made.length)
  made.copy(own)
  if (constantPages.size >= constantPagesKept) constantPages.clear()
  constantPages.set(key, own)
  return own
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
