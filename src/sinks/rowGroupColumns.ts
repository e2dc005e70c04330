import { Effect } from "effect"
import { type Column, column } from "./columns.ts"
import { type ColumnValues, integerAt, readColumn, texts, valueIndex } from "./columnValues.ts"
import { decoded, type FileBytes, unsound, type UnsoundFile } from "./footer.ts"
import { chunkOf, type RowGroup } from "./rowGroupMetadata.ts"
import type { Mark } from "./SeriesMemory.ts"

/** Reads one column of a row group. */
export const columnOf = <E>(
  file: FileBytes<E>,
  group: RowGroup,
  { name }: Column
): Effect.Effect<ColumnValues, E | UnsoundFile> => {
  const chunk = chunkOf(group, name)
  return chunk === null ? unsound(`it has no column ${name}`) : readColumn(file, chunk)
}

/** Tells of each row of a row group whether it came over a connection. */
export const liveRows = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  group: RowGroup
): Effect.fn.Return<(row: number) => boolean, E | UnsoundFile> {
  // Files of earlier versions do not say: trades were never fetched afterwards.
  const chunk = chunkOf(group, column.origin.name)
  if (chunk === null) return () => true
  const { values } = yield* readColumn(file, chunk)
  // All rows agree nearly always, and then the length says so.
  if (values.length === group.rows * (4 + "live".length)) return () => true
  const origins = yield* decoded(`a page of ${chunk.column}`, () => texts(values))
  return (row) => origins[row] === "live"
})

/** Reads the times of row `row`, whose id is `id`. */
export const markOf = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  group: RowGroup,
  row: number,
  id: string
): Effect.fn.Return<Mark, E | UnsoundFile> {
  const received = yield* columnOf(file, group, column.timestampCollector)
  const exchange = yield* columnOf(file, group, column.timestampExchange)
  return yield* decoded("a page of timestamps", () => {
    const index = valueIndex(exchange, row)
    return {
      id,
      receivedMicros: integerAt(received.values, row),
      exchangeMicros: index === null ? null : integerAt(exchange.values, index)
    }
  })
})
