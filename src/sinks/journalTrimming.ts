import { Schema } from "effect"
import { quantity } from "../runtime/quantity.ts"
import { type JournalSegment, magic } from "./JournalSegment.ts"
import type { StreamState } from "./JournalStream.ts"
import * as journalRecord from "./journalRecord.ts"
import { PageBytes } from "./PageBytes.ts"
import type { Span } from "./PendingRecords.ts"
import * as recordFrame from "./recordFrame.ts"
import { countRows, rangesOf, type SeqRanges } from "./SeqRanges.ts"

/** Needed rows of a stream that could not be read. */
interface Unread {
  readonly stream: StreamState
  readonly rows: number
}

/** A segment no longer has rows that only it was to keep. */
export class SegmentDamaged extends Schema.TaggedError<SegmentDamaged>()("SegmentDamaged", {
  path: Schema.String,
  rows: Schema.Int
}) {
  /** Asks the streams to bring these rows to disk. */
  static of(path: string, unread: ReadonlyArray<Unread>): SegmentDamaged {
    for (const { stream } of unread) stream.exposed = true
    return new SegmentDamaged({ path, rows: unread.reduce((sum, { rows }) => sum + rows, 0) })
  }

  override get message() {
    return `${this.path} is damaged: ${
      quantity(this.rows, "row")
    } in it that were in no row group yet cannot be read back; these are written to their files now`
  }
}

/** Records to be written anew, and the rows in them. */
export interface LiveFrames {
  readonly records: PageBytes
  readonly spans: ReadonlyArray<{ readonly stream: StreamState; readonly span: Span }>
  readonly unread: ReadonlyArray<Unread>
}

/**
 * The records in the bytes of a segment without the rows that are on disk elsewhere. Such rows must not be copied: the record
 * which says that they are sealed may be removed before the copy is.
 */
export const liveFrames = (
  bytes: Buffer,
  segment: Pick<JournalSegment, "liveBytes" | "liveRanges" | "liveStreams">
): LiveFrames => {
  const records = new PageBytes(segment.liveBytes())
  const streams = segment.liveStreams()
  const spans: Array<{ stream: StreamState; span: Span }> = []
  const copied = new Map<number, SeqRanges>()
  for (const { body } of recordFrame.scan(bytes, magic.length).frames) {
    const record = journalRecord.decode(body)
    const stream = record?.kind === "rows" ? streams.get(record.stream) : undefined
    if (record?.kind !== "rows" || stream === undefined || record.last <= stream.flushed) continue
    const rows = record.encodedFrom(stream.flushed + 1)
    const written = journalRecord.appendEncoded(records, stream.id, stream.series, rows)
    spans.push({ stream, span: { last: record.last, rows: rows.rows, bytes: written } })
    rangesOf(copied, stream.id).add({ first: rows.first, last: record.last })
  }
  const unread = [...streams.values()].flatMap((stream) => {
    const rows = countRows(segment.liveRanges(stream).flatMap((range) => rangesOf(copied, stream.id).missing(range)))
    return rows === 0 ? [] : [{ stream, rows }]
  })
  return { records, spans, unread }
}
