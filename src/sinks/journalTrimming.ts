import { magic } from "./JournalSegment.ts"
import type { StreamState } from "./JournalStream.ts"
import * as journalRecord from "./journalRecord.ts"
import { PageBytes } from "./PageBytes.ts"
import type { Span } from "./PendingRecords.ts"
import * as recordFrame from "./recordFrame.ts"

/** Records to be written anew, and the rows in them. */
export interface LiveFrames {
  readonly records: Buffer
  readonly spans: ReadonlyArray<{ readonly stream: StreamState; readonly span: Span }>
}

/**
 * The records of a segment without the rows that are on disk elsewhere. Such rows must not be copied: the record which says
 * that they are sealed may be removed before the copy is.
 */
export const liveFrames = (segment: Buffer, streams: ReadonlyMap<number, StreamState>): LiveFrames => {
  const bytes = new PageBytes(64 * 1024)
  const spans: Array<{ stream: StreamState; span: Span }> = []
  for (const { body } of recordFrame.scan(segment, magic.length).frames) {
    const record = journalRecord.decode(body)
    const stream = record?.kind === "rows" ? streams.get(record.stream) : undefined
    if (record?.kind !== "rows" || stream === undefined || record.last <= stream.flushed) continue
    const first = Math.max(record.first, stream.flushed + 1)
    const events = record.events().slice(first - record.first)
    const written = journalRecord.appendRows(bytes, stream.id, stream.series, first, events)
    spans.push({ stream, span: { last: record.last, rows: events.length, bytes: written } })
  }
  return { records: bytes.written, spans }
}
