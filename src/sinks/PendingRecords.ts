import type { Row } from "../domain/Event.ts"
import * as journalRecord from "./journalRecord.ts"
import type { StreamState } from "./JournalStream.ts"
import { PageBytes } from "./PageBytes.ts"
import type { SeqRange } from "./SeqRanges.ts"
import { pieceBytes } from "./spareBytes.ts"

/** Records of rows are gathered in pieces, so that the oldest can be given up without the rest; one takes no more from this length on. */
const fullBytes = pieceBytes * 3 / 4

/** The rows of one stream in a piece of the journal. */
export interface Span {
  last: number
  rows: number
  bytes: number
}

/** Rows that came together. */
interface Arrival {
  /** When the first of them was received, microseconds since the epoch. */
  readonly receivedAtMicros: number
  readonly rows: number
}

/** Encoded records of rows, in the order in which they came. */
export class Chunk {
  readonly bytes: PageBytes
  readonly spans = new Map<StreamState, Span>()
  readonly arrivals: Array<Arrival> = []

  constructor(bytes: PageBytes) {
    this.bytes = bytes
  }

  /** False when every row is on disk elsewhere, so that it need not be written. */
  get needed(): boolean {
    for (const [stream, span] of this.spans) if (span.last > stream.flushed) return true
    return false
  }
}

/** That rows are in a finished file, and what to do once that is on disk. */
export interface Sealed {
  readonly stream: StreamState
  readonly range: SeqRange
  readonly file: string
}

/** What one commit writes. */
export interface Batch {
  readonly chunks: Array<Chunk>
  readonly sealed: ReadonlyArray<Sealed>
}

/** Records that wait for the next commit. */
export class PendingRecords {
  #chunks: Array<Chunk> = []
  #sealed: Array<Sealed> = []

  get empty(): boolean {
    return this.#chunks.length === 0 && this.#sealed.length === 0
  }

  get bytes(): number {
    let bytes = 0
    for (const chunk of this.#chunks) bytes += chunk.bytes.length
    return bytes
  }

  rows(stream: StreamState, firstSeq: number, events: ReadonlyArray<Row>): void {
    const chunk = this.#chunk()
    const before = chunk.bytes.length
    try {
      journalRecord.appendRows(chunk.bytes, stream.id, stream.series, firstSeq, events)
    } catch (error) {
      chunk.bytes.cutTo(before)
      throw error
    }
    const [oldest] = events
    if (oldest !== undefined) chunk.arrivals.push({ receivedAtMicros: oldest.timestampCollector, rows: events.length })
    const span = chunk.spans.get(stream) ?? { last: 0, rows: 0, bytes: 0 }
    span.last = firstSeq + events.length - 1
    span.rows += events.length
    span.bytes += chunk.bytes.length - before
    chunk.spans.set(stream, span)
  }

  sealed(sealed: Sealed): void {
    this.#sealed.push(sealed)
  }

  /** Hands over all that waits; what is not needed any more is left out. */
  take(): Batch {
    const batch = { chunks: this.#chunks.filter((chunk) => chunk.needed), sealed: this.#sealed }
    this.#chunks = []
    this.#sealed = []
    return batch
  }

  /** Takes back what could not be written, before what has come since. */
  restore(batch: Batch): void {
    this.#chunks.unshift(...batch.chunks)
    this.#sealed.unshift(...batch.sealed)
  }

  /** Gives up the oldest rows until at most `limitBytes` wait; answers how many of them are on disk nowhere. */
  limit(limitBytes: number): number {
    let rows = 0
    while (this.bytes > limitBytes) {
      const oldest = this.#chunks.shift()
      for (const [stream, span] of oldest?.spans ?? []) {
        if (span.last <= stream.flushed) continue
        rows += Math.min(span.rows, span.last - stream.flushed)
      }
    }
    return rows
  }

  #chunk(): Chunk {
    const last = this.#chunks.at(-1)
    if (last !== undefined && last.bytes.length < fullBytes) return last
    const chunk = new Chunk(new PageBytes(pieceBytes))
    this.#chunks.push(chunk)
    return chunk
  }
}

/** The bytes of a batch, in the order in which they are written. */
export const piecesOf = (batch: Batch): ReadonlyArray<Buffer> => {
  const pieces = batch.chunks.map((chunk) => chunk.bytes.written)
  if (batch.sealed.length === 0) return pieces
  const sealed = new PageBytes(256)
  for (const { range, stream } of batch.sealed) journalRecord.appendSealed(sealed, stream.id, range)
  return [...pieces, sealed.written]
}
