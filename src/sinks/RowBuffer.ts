import type { Row } from "../domain/Event.ts"
import type { Series } from "../domain/Series.ts"
import { RecordReader } from "./RecordReader.ts"
import { type Columns, columnsOf, type RowsAtLarge } from "./rowColumns.ts"
import { readRow, roomFor, writeRow } from "./rowNotation.ts"
import { RowPieces } from "./RowPieces.ts"
import type { LostRows } from "./Sink.ts"

/** What a row takes beside its JSON and its ids: two timestamps, two doubles, lengths. */
const fixedRowBytes = 48

/** How much `event` adds to a row group, in bytes before compression. */
export const rowBytes = (event: Row): number => fixedRowBytes + event.data.length + 2 * event.sequenceId.length

/** Rows that follow each other, encoded one after the other. */
export interface EncodedRows {
  /** The number of the first of them. */
  readonly first: number
  readonly rows: number
  readonly bytes: number
  /** Views, valid until the rows are packed or released; no row is in two of them. */
  readonly slices: ReadonlyArray<Buffer>
}

/**
 * The rows of one coming row group, encoded when they arrive, as the journal takes them. They become columns when they are written:
 * until then a row is one place of memory to write to, however many feeds there are.
 */
export class RowBuffer {
  readonly #series: Series
  readonly #pieces = new RowPieces()
  /** What is known of the rows without reading them. */
  readonly #atLarge: RowsAtLarge = {
    rows: 0,
    idBytes: 0,
    dataBytes: 0,
    untimed: 0,
    snapshots: 0,
    repaired: 0,
    collectorMin: Infinity,
    collectorMax: -Infinity,
    exchangeMin: Infinity,
    exchangeMax: -Infinity
  }
  #bytes = 0
  #encodedBytes = 0
  #firstMicros = 0
  #lastRowAt = 0
  #journaledRows = 0
  #journaledBytes = 0

  /** Set when it takes no more rows and waits to be written. */
  frozen = false

  /** The numbers of its rows in the journal; none is missing between them. */
  firstSeq = 0
  lastSeq = 0

  constructor(series: Series) {
    this.#series = series
  }

  get rows(): number {
    return this.#atLarge.rows
  }

  /** Bytes of values, the sum of `rowBytes`. */
  get bytes(): number {
    return this.#bytes
  }

  /** Receive time of the first row, microseconds since the epoch. */
  get firstMicros(): number {
    return this.#firstMicros
  }

  /** Bytes of memory held, used or not. */
  get capacity(): number {
    return this.#pieces.capacity
  }

  /** Those of them that are compressed rows. */
  get packedBytes(): number {
    return this.#pieces.packedBytes
  }

  /** Bytes of encoded rows that `pack` takes on at once. The journal must have them: it takes rows as they came. */
  get packable(): number {
    return this.#pieces.packable(this.#journaledBytes)
  }

  /** Bytes of encoded rows that the journal has not. */
  get unjournaledBytes(): number {
    return this.#encodedBytes - this.#journaledBytes
  }

  /** Adds a row, or nothing where that throws. */
  append(event: Row): void {
    if (event.dataType !== this.#series.dataType) {
      throw new TypeError(`${this.#series.id}: given a row of type ${event.dataType}`)
    }
    const piece = this.#pieces.pieceFor(roomFor(event))
    const start = piece.used
    const end = writeRow(piece.bytes, start, event)
    piece.used = end
    this.#lastRowAt = this.#encodedBytes
    this.#encodedBytes += end - start
    this.#bytes += rowBytes(event)
    const known = this.#atLarge
    if (known.rows === 0) this.#firstMicros = event.timestampCollector
    known.rows++
    known.idBytes += event.sequenceId.length
    known.dataBytes += event.data.length
    if (event.timestampCollector < known.collectorMin) known.collectorMin = event.timestampCollector
    if (event.timestampCollector > known.collectorMax) known.collectorMax = event.timestampCollector
    if (event.timestampExchange === null) known.untimed++
    else {
      if (event.timestampExchange < known.exchangeMin) known.exchangeMin = event.timestampExchange
      if (event.timestampExchange > known.exchangeMax) known.exchangeMax = event.timestampExchange
    }
    if (event.dataType === "trade" && event.origin === "repair") known.repaired++
    else if (event.dataType === "orderbook" && event.isSnapshot) known.snapshots++
  }

  /** The rows that the journal has not; null where it has all. */
  unjournaled(): EncodedRows | null {
    const rows = this.rows - this.#journaledRows
    if (rows === 0) return null
    return {
      first: this.firstSeq + this.#journaledRows,
      rows,
      bytes: this.unjournaledBytes,
      slices: this.#pieces.views(this.#journaledBytes)
    }
  }

  /** Notes that the journal has `rows`, which `unjournaled` answered last. */
  journaled({ bytes, rows }: Pick<EncodedRows, "rows" | "bytes">): void {
    this.#journaledRows += rows
    this.#journaledBytes += bytes
  }

  /** What is told of its rows where they are lost; there is one at least. */
  ends(): LostRows {
    const rowAt = (at: number) => {
      const [bytes] = this.#pieces.views(at)
      return bytes === undefined ? null : readRow(new RecordReader(bytes, 0), this.#series)
    }
    const last = rowAt(this.#lastRowAt)
    return {
      rows: this.rows,
      firstId: rowAt(0)?.sequenceId ?? null,
      lastId: last?.sequenceId ?? null,
      firstReceivedMicros: this.#firstMicros,
      lastReceivedMicros: last?.timestampCollector ?? this.#firstMicros,
      events: null
    }
  }

  /** Compresses rows until they are written, as many as `packable` says. */
  pack(): void {
    this.#pieces.pack(this.#journaledBytes)
  }

  /** The rows as columns. */
  columns(): Columns {
    return this.#pieces.read((views) => columnsOf(this.#series, this.#atLarge, views))
  }

  /** Gives up the memory of rows that are written. */
  release(): void {
    this.#pieces.release()
  }
}
