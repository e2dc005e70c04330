import type { Series } from "../domain/Series.ts"
import { appendSeries, readSeries } from "./journalRecord.ts"
import { PageBytes } from "./PageBytes.ts"
import * as recordFrame from "./recordFrame.ts"
import { RecordReader } from "./RecordReader.ts"
import * as rowGroupMetadata from "./rowGroupMetadata.ts"
import type { SeqRange } from "./SeqRanges.ts"

/** What the file is: the first record of its checkpoints. */
export interface FileRecord {
  readonly kind: "file"
  readonly series: Series
  readonly homeServerName: string | null
  /** Receive time of the first row, milliseconds since the epoch. */
  readonly firstMillis: number
  /**
   * Whether rows that are in nothing else are no news: it was written by a replay, from a journal that has all of its rows until it is
   * sealed, or in the place of a file that was removed.
   */
  readonly gapsTold: boolean
}

/** One row group that the disk has. */
export interface GroupRecord extends SeqRange {
  readonly kind: "group"
  /** The stream that its rows, and all between `first` and `last`, belong to. */
  readonly stream: number
  /** Where its bytes start and end in the file. */
  readonly from: number
  readonly to: number
  /** CRC-32 of these bytes. */
  readonly crc: number
  readonly metadata: rowGroupMetadata.RowGroupMetadata
}

/** The file is whole and gets its final name next. On disk before that happens, so that a file which is gone was not removed. */
export interface SealingRecord {
  readonly kind: "sealing"
}

export type CheckpointRecord = FileRecord | GroupRecord | SealingRecord

/** The file begins with these bytes; the last is the version of the format. */
export const magic = Buffer.from("TKGROUP\u0002", "latin1")

/** So they began when no file was told of before it got its final name. */
export const magicWithoutSealing = Buffer.from("TKGROUP\u0001", "latin1")

const kinds = { file: 3, group: 4, sealing: 5 } as const

/** The bytes of one record, framing included. */
export const encode = (record: CheckpointRecord): Buffer => {
  const bytes = new PageBytes(1024)
  const at = recordFrame.begin(bytes)
  bytes.appendByte(kinds[record.kind])
  if (record.kind === "file") {
    appendSeries(bytes, record.series)
    bytes.appendText(record.homeServerName ?? "")
    bytes.appendInt64(record.firstMillis)
    // Other versions read no further.
    if (record.gapsTold) bytes.appendByte(1)
  } else if (record.kind === "group") {
    bytes.appendUInt32(record.stream)
    for (const number of [record.first, record.last, record.from, record.to]) bytes.appendInt64(number)
    bytes.appendUInt32(record.crc)
    bytes.appendBytes(record.metadata.thrift)
  }
  recordFrame.end(bytes, at)
  return bytes.written
}

/** Reads a record's body; null when it is none that this version writes. */
export const decode = (body: Buffer): CheckpointRecord | null => {
  try {
    const reader = new RecordReader(body)
    const kind = reader.byte()
    if (kind === kinds.file) {
      const series = readSeries(reader)
      const homeServerName = reader.text()
      const firstMillis = reader.int64()
      const gapsTold = reader.at < body.length && reader.byte() === 1
      return series === null
        ? null
        : { kind: "file", series, homeServerName: homeServerName === "" ? null : homeServerName, firstMillis, gapsTold }
    }
    if (kind === kinds.sealing) return { kind: "sealing" }
    if (kind !== kinds.group) return null
    const stream = reader.uint32()
    const [first, last, from, to] = [reader.int64(), reader.int64(), reader.int64(), reader.int64()]
    const crc = reader.uint32()
    const metadata = rowGroupMetadata.fromThrift(reader.bytes())
    return { kind: "group", stream, first, last, from, to, crc, metadata }
  } catch {
    return null
  }
}
