import type { Gap } from "../domain/Gap.ts"
import { type ColumnPage, definitionLevels, required } from "./ColumnPage.ts"
import { type Column, column } from "./columns.ts"
import { PageBytes } from "./PageBytes.ts"

/** What only rows about gaps have. They are few, so that they become columns when their row group is written. */
export class GapColumns {
  readonly #gaps: Array<Gap> = []

  append(gap: Gap): void {
    this.#gaps.push(gap)
  }

  /** The columns in file order, after those that all files have. */
  columnPages(): ReadonlyArray<ColumnPage> {
    return [
      this.#text(column.gapId, ({ id }) => id),
      this.#number(column.revision, ({ revision }) => revision),
      this.#text(column.feedDataType, ({ dataType }) => dataType),
      this.#text(column.cause, ({ cause }) => cause),
      this.#text(column.status, ({ status }) => status),
      this.#number(column.opened, ({ openedMicros }) => openedMicros),
      this.#number(column.closed, ({ closedMicros }) => closedMicros),
      this.#text(column.firstMissingId, ({ firstMissingId }) => firstMissingId),
      this.#text(column.lastMissingId, ({ lastMissingId }) => lastMissingId),
      this.#number(column.missing, ({ missing }) => missing),
      this.#number(column.recovered, ({ recovered }) => recovered),
      this.#number(column.connectionBefore, ({ connectionBefore }) => connectionBefore),
      this.#number(column.connectionAfter, ({ connectionAfter }) => connectionAfter)
    ]
  }

  #text(of: Column, value: (gap: Gap) => string | null): ColumnPage {
    return this.#page(of, value, (bytes, text) => bytes.appendText(text))
  }

  #number(of: Column, value: (gap: Gap) => number | null): ColumnPage {
    return this.#page(of, value, (bytes, number) => bytes.appendInt64(number))
  }

  #page<V>(of: Column, value: (gap: Gap) => V | null, append: (bytes: PageBytes, value: V) => void): ColumnPage {
    const values = new PageBytes(256)
    const present = new PageBytes(16)
    let nulls = 0
    for (const [row, gap] of this.#gaps.entries()) {
      const each = value(gap)
      present.appendBit(row, each !== null)
      if (each === null) nulls++
      else append(values, each)
    }
    if (!of.nullable) return required(of, values.written)
    const levels = definitionLevels(this.#gaps.length, nulls, present.written)
    return { column: of, values: values.written, levels, nullCount: nulls, range: null }
  }
}
