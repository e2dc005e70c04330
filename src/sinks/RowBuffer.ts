import type { Row } from "../domain/Event.ts"
import type { Series } from "../domain/Series.ts"
import { type ColumnPage, constant, definitionLevels, type Range, required } from "./ColumnPage.ts"
import { column } from "./columns.ts"
import { GapColumns } from "./GapColumns.ts"
import { endTexts, integerAt } from "./columnValues.ts"
import { PageBytes } from "./PageBytes.ts"
import type { LostRows } from "./Sink.ts"
import { ValuePieces } from "./ValuePieces.ts"

/** What a row takes beside its JSON and its ids: two timestamps, two doubles, lengths. */
const fixedRowBytes = 48

/** How much `event` adds to a row group, in bytes before compression. */
export const rowBytes = (event: Row): number => fixedRowBytes + event.data.length + 2 * event.sequenceId.length

/** The rows of one coming row group, kept as columns from the moment they arrive; some 3 KiB while it holds few. */
export class RowBuffer {
  readonly #series: Series
  readonly #sequenceId = new PageBytes(256)
  readonly #collector = new PageBytes(128)
  readonly #exchangeTime = new PageBytes(128)
  readonly #exchangeTimeSet = new PageBytes(16)
  readonly #data = new ValuePieces()
  readonly #tradeId = new PageBytes(256)
  readonly #price = new PageBytes(128)
  readonly #size = new PageBytes(128)
  readonly #side = new PageBytes(128)
  readonly #isSnapshot = new PageBytes(16)
  readonly #gaps = new GapColumns()
  /** The rows whose trade was fetched afterwards: nearly always none. */
  readonly #repaired: Array<number> = []
  #rows = 0
  #bytes = 0
  #nulls = 0
  #snapshots = 0
  #firstMicros = 0
  #collectorMin = Infinity
  #collectorMax = -Infinity
  #exchangeMin = Infinity
  #exchangeMax = -Infinity

  /** Set when it takes no more rows and waits to be written. */
  frozen = false

  /** The numbers of its rows in the journal; none is missing between them. */
  firstSeq = 0
  lastSeq = 0

  constructor(series: Series) {
    this.#series = series
  }

  get rows(): number {
    return this.#rows
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
    return this.#sequenceId.capacity + this.#collector.capacity + this.#exchangeTime.capacity +
      this.#exchangeTimeSet.capacity + this.#data.capacity + this.#tradeId.capacity + this.#price.capacity +
      this.#size.capacity + this.#side.capacity + this.#isSnapshot.capacity
  }

  append(event: Row): void {
    if (event.dataType !== this.#series.dataType) {
      throw new TypeError(`${this.#series.id}: given a row of type ${event.dataType}`)
    }
    const row = this.#rows
    if (row === 0) this.#firstMicros = event.timestampCollector
    this.#sequenceId.appendText(event.sequenceId)
    this.#appendCollectorTime(event.timestampCollector)
    this.#appendExchangeTime(row, event.timestampExchange)
    this.#data.append(event.data)
    if (event.dataType === "trade") {
      this.#tradeId.appendText(event.tradeId)
      this.#price.appendDouble(event.price)
      this.#size.appendDouble(event.size)
      this.#side.appendText(event.side)
      if (event.origin === "repair") this.#repaired.push(row)
    } else if (event.dataType === "gap") this.#gaps.append(event.gap)
    else {
      this.#isSnapshot.appendBit(row, event.isSnapshot)
      if (event.isSnapshot) this.#snapshots++
    }
    this.#bytes += rowBytes(event)
    this.#rows = row + 1
  }

  /** What is told of its rows where they are lost; there is one at least. */
  ends(): LostRows {
    const ids = endTexts(this.#sequenceId.written)
    return {
      rows: this.#rows,
      firstId: ids?.first ?? null,
      lastId: ids?.last ?? null,
      firstReceivedMicros: this.#firstMicros,
      lastReceivedMicros: integerAt(this.#collector.written, this.#rows - 1),
      events: null
    }
  }

  /** The columns in file order, valid until the next append. */
  columnPages(): ReadonlyArray<ColumnPage> {
    const common = [
      constant(column.exchange, this.#series.exchange, this.#rows),
      constant(column.symbol, this.#series.normalizedSymbol, this.#rows),
      required(column.sequenceId, this.#sequenceId.written),
      required(column.timestampCollector, this.#collector.written, range(this.#collectorMin, this.#collectorMax)),
      {
        column: column.timestampExchange,
        values: this.#exchangeTime.written,
        levels: definitionLevels(this.#rows, this.#nulls, this.#exchangeTimeSet.written),
        nullCount: this.#nulls,
        range: range(this.#exchangeMin, this.#exchangeMax)
      },
      required(column.data, this.#data.written)
    ]
    if (this.#series.dataType === "trade") {
      return [
        ...common,
        required(column.tradeId, this.#tradeId.written),
        required(column.price, this.#price.written),
        required(column.size, this.#size.written),
        required(column.side, this.#side.written),
        this.#originPage()
      ]
    }
    if (this.#series.dataType === "gap") return [...common, ...this.#gaps.columnPages()]
    // Lets a reader find the row groups with a complete book without opening them.
    const snapshots: Range = { kind: "boolean", min: this.#snapshots === this.#rows, max: this.#snapshots > 0 }
    return [...common, required(column.isSnapshot, this.#isSnapshot.written, snapshots)]
  }

  /** Gives up the memory of rows that are written. */
  release(): void {
    for (
      const page of [
        this.#sequenceId,
        this.#collector,
        this.#exchangeTime,
        this.#exchangeTimeSet,
        this.#data,
        this.#tradeId,
        this.#price,
        this.#size,
        this.#side,
        this.#isSnapshot
      ]
    ) page.release()
  }

  #originPage(): ColumnPage {
    if (this.#repaired.length === 0) return constant(column.origin, "live", this.#rows)
    const values = new PageBytes(1024)
    const repaired = new Set(this.#repaired)
    for (let row = 0; row < this.#rows; row++) values.appendText(repaired.has(row) ? "repair" : "live")
    return required(column.origin, values.written, {
      kind: "text",
      min: repaired.size === this.#rows ? "repair" : "live",
      max: "repair"
    })
  }

  #appendCollectorTime(micros: number): void {
    this.#collector.appendInt64(micros)
    if (micros < this.#collectorMin) this.#collectorMin = micros
    if (micros > this.#collectorMax) this.#collectorMax = micros
  }

  #appendExchangeTime(row: number, micros: number | null): void {
    this.#exchangeTimeSet.appendBit(row, micros !== null)
    if (micros === null) {
      this.#nulls++
      return
    }
    this.#exchangeTime.appendInt64(micros)
    if (micros < this.#exchangeMin) this.#exchangeMin = micros
    if (micros > this.#exchangeMax) this.#exchangeMax = micros
  }
}

const range = (min: number, max: number): Range | null => min > max ? null : { kind: "timestamp", min, max }
