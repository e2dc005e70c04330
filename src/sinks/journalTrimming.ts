import { type JournalSegment, magic } from "./JournalSegment.ts"
import type { StreamState } from "./JournalStream.ts"
import * as journalRecord from "./journalRecord.ts"
import { PageBytes } from "./PageBytes.ts"
import type { Span } from "./PendingRecords.ts"
import * as recordFrame from "./recordFrame.ts"

/** Records to be written anew, and the rows in them. */
export interface LiveFrames {
  readonly records: PageBytes
  readonly spans: ReadonlyArray<{ readonly stream: StreamState; readonly span: Span }>
}

/**
 * The records in the bytes of a segment without the rows that are on disk elsewhere. Such rows must not be copied: the record
 * which says that they are sealed may be removed before the copy is.
 */
export const liveFrames = (
  bytes: Buffer,
  segment: Pick<JournalSegment, "liveBytes" | "liveStreams">
): LiveFrames => {
  const records = new PageBytes(segment.liveBytes())
  const streams = segment.liveStreams()
  const spans: Array<{ stream: StreamState; span: Span }> = []
  for (const { body } of recordFrame.scan(bytes, magic.length).frames) {
    const record = journalRecord.decode(body)
    const stream = record?.kind === "rows" ? streams.get(record.stream) : undefined
    if (record?.kind !== "rows" || stream === undefined || record.last <= stream.flushed) continue
    const rows = record.encodedFrom(stream.flushed + 1)
    const written = journalRecord.appendEncoded(records, stream.id, stream.series, rows)
    spans.push({ stream, span: { last: record.last, rows: rows.rows, bytes: written } })
  }
  return { records, spans }
}
