import type parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { column } from "./columns.ts"
import { ThriftReader } from "./ThriftReader.ts"

/** Where a column of a row group is in its file. */
export interface Chunk {
  readonly column: string
  readonly from: number
  readonly length: number
}

/** When the first and the last row of a row group were received, microseconds since the epoch. */
export interface ReceivedRange {
  readonly first: number
  readonly last: number
}

/** What the metadata of a row group tells. */
export interface RowGroup {
  readonly rows: number
  /** Null where it tells nothing of receive times. */
  readonly received: ReceivedRange | null
  /** In file order. */
  readonly chunks: ReadonlyArray<Chunk>
}

/** The metadata of a row group, as a footer takes it. */
export interface RowGroupMetadata extends RowGroup {
  /** `RowGroup` in Thrift's compact protocol, which is the same wherever it stands. */
  readonly thrift: Buffer
}

/** Where `group` has the column `name`; null where it has none. */
export const chunkOf = (group: RowGroup, name: string): Chunk | null =>
  group.chunks.find((chunk) => chunk.column === name) ?? null

/** What a footer tells of a row group. */
export const fromFooter = (group: parquet.RowGroup): RowGroup => {
  const chunks: Array<Chunk> = []
  let received: ReceivedRange | null = null
  for (const { meta_data: chunk } of group.columns) {
    const name = chunk?.path_in_schema[0]
    if (chunk === undefined || name === undefined) continue
    chunks.push({
      column: name,
      from: chunk.data_page_offset.toNumber(),
      length: chunk.total_compressed_size.toNumber()
    })
    // Thrift hands binary fields over as they are, whatever the types of the package say.
    const { max_value, min_value }: { max_value?: unknown; min_value?: unknown } = chunk.statistics ?? {}
    if (name === column.timestampCollector.name) received = receivedRange(min_value, max_value)
  }
  return { rows: group.num_rows.toNumber(), received, chunks }
}

/**
 * Reads the metadata of a row group as it stands in a checkpoint; throws where it cannot be that. The package makes some 30 kB of
 * objects of it, and takes ten times as long.
 */
export const fromThrift = (thrift: Buffer): RowGroupMetadata => {
  const reader = new ThriftReader(thrift)
  const chunks: Array<Chunk> = []
  let rows = 0
  let received: ReceivedRange | null = null
  const readColumn = () => {
    let name = ""
    let from = 0
    let length = 0
    let min: Buffer | null = null
    let max: Buffer | null = null
    reader.struct((field) => {
      if (field === 3) {
        reader.list(() => {
          name ||= reader.binary().toString("latin1")
        })
      } else if (field === 7) length = reader.integer()
      else if (field === 9) from = reader.integer()
      else if (field === 12 && name === column.timestampCollector.name) {
        reader.struct((field) => {
          if (field === 5) max = reader.binary()
          else if (field === 6) min = reader.binary()
        })
      }
    })
    chunks.push({ column: name, from, length })
    if (name === column.timestampCollector.name) received = receivedRange(min, max)
  }
  reader.struct((field) => {
    if (field === 1) {
      reader.list(() =>
        reader.struct((field) => {
          if (field === 3) readColumn()
        })
      )
    } else if (field === 3) rows = reader.integer()
  })
  return { rows, received, chunks, thrift }
}

const receivedRange = (min: unknown, max: unknown): ReceivedRange | null => {
  const first = microsOf(min)
  const last = microsOf(max)
  return first === null || last === null ? null : { first, last }
}

const microsOf = (value: unknown): number | null =>
  Buffer.isBuffer(value) && value.length === 8 ? Number(value.readBigInt64LE()) : null
