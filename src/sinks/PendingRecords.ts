import * as journalRecord from "./journalRecord.ts"
import type { StreamState } from "./JournalStream.ts"
import { PageBytes } from "./PageBytes.ts"
import type { EncodedRows, RowBuffer } from "./RowBuffer.ts"
import type { SeqRange } from "./SeqRanges.ts"

/** The rows of one stream in a piece of the journal. */
export interface Span {
  last: number
  rows: number
  bytes: number
}

/** That rows are in a finished file, and what to do once that is on disk. */
export interface Sealed {
  readonly stream: StreamState
  readonly range: SeqRange
  readonly file: string
}

/** What one commit writes. */
export interface Batch {
  /** The records, one after the other; null where there are none. */
  readonly records: PageBytes | null
  readonly written: ReadonlyArray<{
    readonly stream: StreamState
    readonly buffer: RowBuffer
    readonly rows: EncodedRows
    readonly span: Span
  }>
  readonly sealed: ReadonlyArray<Sealed>
  /** When rows were received, microseconds since the epoch, and how many then, in turn. */
  readonly arrivals: ReadonlyArray<number>
}

/** A buffer with rows that wait for their commit, and how many bytes of them are counted. */
interface Waiting {
  readonly stream: StreamState
  bytes: number
}

/** Messages that are told apart at a commit; what comes after them counts as received with the last. */
const arrivalsKept = 65_536

/** A commit after a disk has failed for long may be larger than any other: its memory is not kept. */
const keptBytes = 8 * 1024 * 1024

/** What waits for the next commit. The rows wait where they are, in the buffers of their row groups. */
export class PendingRecords {
  #waiting = new Map<RowBuffer, Waiting>()
  #sealed: Array<Sealed> = []
  /** Of one commit after the other. */
  #records = new PageBytes(0)
  /** Flat, because of objects there would be one for each message. */
  #arrivals: Array<number> = []
  #bytes = 0

  get empty(): boolean {
    return this.#waiting.size === 0 && this.#sealed.length === 0
  }

  /** Of rows. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes note of rows that `buffer` was given, the first of which was received then, microseconds since the epoch. */
  rows(stream: StreamState, buffer: RowBuffer, count: number, receivedAtMicros: number): void {
    this.#wait(stream, buffer)
    const arrivals = this.#arrivals
    // A disk that hangs must not make a heap of them.
    if (arrivals.length < 2 * arrivalsKept) arrivals.push(receivedAtMicros, count)
    else arrivals[arrivals.length - 1]! += count
  }

  sealed(sealed: Sealed): void {
    this.#sealed.push(sealed)
  }

  /** Hands over all that waits; rows that are in a row group on disk are left out. What it answers is valid until the next call. */
  take(): Batch {
    const written: Array<Batch["written"][number]> = []
    const needed = [...this.#waiting].flatMap(([buffer, { stream }]) => {
      const rows = buffer.lastSeq <= stream.flushed ? null : buffer.unjournaled()
      return rows === null ? [] : [{ stream, buffer, rows }]
    })
    const room = needed.reduce((sum, { rows, stream }) => sum + rows.bytes + journalRecord.headBytes(stream.series), 0)
    const records = this.#emptyRecords(room + this.#sealed.length * 64)
    for (const { buffer, rows, stream } of needed) {
      const bytes = journalRecord.appendEncoded(records, stream.id, stream.series, rows)
      written.push({ stream, buffer, rows, span: { last: rows.first + rows.rows - 1, rows: rows.rows, bytes } })
    }
    for (const { range, stream } of this.#sealed) journalRecord.appendSealed(records, stream.id, range)
    const batch: Batch = {
      records: records.length === 0 ? null : records,
      written,
      sealed: this.#sealed,
      arrivals: this.#arrivals
    }
    this.#waiting = new Map()
    this.#bytes = 0
    this.#sealed = []
    this.#arrivals = []
    return batch
  }

  /** Takes back what could not be written, before what has come since. */
  restore({ arrivals, sealed, written }: Batch): void {
    const since = this.#waiting
    this.#waiting = new Map()
    this.#bytes = 0
    for (const { buffer, stream } of written) this.#wait(stream, buffer)
    for (const [buffer, { stream }] of since) this.#wait(stream, buffer)
    this.#sealed.unshift(...sealed)
    // In one, so that a disk that fails for hours makes no heap of them.
    let rows = 0
    for (let at = 1; at < arrivals.length; at += 2) rows += arrivals[at]!
    if (rows > 0) this.#arrivals.unshift(arrivals[0]!, rows)
  }

  #emptyRecords(room: number): PageBytes {
    const records = this.#records
    if (records.capacity >= room && records.capacity <= keptBytes) records.cutTo(0)
    else {
      records.release()
      this.#records = new PageBytes(room)
    }
    return this.#records
  }

  #wait(stream: StreamState, buffer: RowBuffer): void {
    let waiting = this.#waiting.get(buffer)
    if (waiting === undefined) {
      waiting = { stream, bytes: 0 }
      this.#waiting.set(buffer, waiting)
    }
    const bytes = buffer.unjournaledBytes
    this.#bytes += bytes - waiting.bytes
    waiting.bytes = bytes
  }
}
