import { Effect } from "effect"
import type { RowType } from "../domain/Series.ts"
import { column } from "./columns.ts"
import { integerAt, textAt, textPlaces } from "./columnValues.ts"
import { decoded, type FileBytes, type UnsoundFile } from "./footer.ts"
import { columnOf, liveRows, markOf } from "./rowGroupColumns.ts"
import type { RowGroup } from "./rowGroupMetadata.ts"
import type { Mark } from "./SeriesMemory.ts"

/**
 * Finds the newest row: of trades whose ids are numbers that with the highest, of others the one that was received last. Its time is
 * that of the row that was received last, for the trade with the highest id may have come before others.
 */
export const newestRow = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  rowType: RowType,
  groups: ReadonlyArray<RowGroup>
): Effect.fn.Return<Mark | null, E | UnsoundFile> {
  const last = yield* lastReceived(file, rowType, groups)
  // Of trades that were fetched alone it is not known that anything was received.
  if (last === null) return null
  const highest = rowType === "trade" ? yield* highestId(file, groups) : null
  if (highest !== null) return { ...highest, receivedMicros: last.receivedMicros }
  const { group, row } = last
  const { values } = yield* columnOf(file, group, column.sequenceId)
  const id = yield* decoded("a page of ids", () => textAt(values, [...textPlaces(values)][row] ?? values.length))
  return yield* markOf(file, group, row, id)
})

const highestId = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  groups: ReadonlyArray<RowGroup>
): Effect.fn.Return<Mark | null, E | UnsoundFile> {
  let best: { readonly group: RowGroup; readonly row: number; readonly id: string } | null = null
  for (const group of groups) {
    const { values } = yield* columnOf(file, group, column.sequenceId)
    const found = yield* decoded("a page of ids", () => highestOf(values))
    if (found === null) return null
    const id = textAt(values, found.at)
    if (best === null || id.length > best.id.length || (id.length === best.id.length && id > best.id)) {
      best = { group, row: found.row, id }
    }
  }
  return best === null ? null : yield* markOf(file, best.group, best.row, best.id)
})

const zero = 0x30

/** The highest of the ids in a text column; null where one of them is no whole number. */
const highestOf = (ids: Buffer): { readonly row: number; readonly at: number } | null => {
  let best = { row: -1, at: 0, length: 0 }
  let row = 0
  for (let at = 0; at < ids.length; row++) {
    const length = ids.readUInt32LE(at)
    const from = at + 4
    if (length === 0 || (length > 1 && ids[from] === zero)) return null
    let order = length - best.length
    for (let i = 0; i < length; i++) {
      const digit = ids[from + i] ?? 0
      if (digit < zero || digit > zero + 9) return null
      if (order === 0) order = digit - (ids[best.at + 4 + i] ?? 0)
    }
    if (order > 0) best = { row, at, length }
    at = from + length
  }
  return best.row === -1 ? null : best
}

const latestOf = (group: RowGroup): number => group.received?.last ?? -Infinity

interface LastReceived {
  readonly group: RowGroup
  readonly row: number
  readonly receivedMicros: number
}

const lastReceived = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  rowType: RowType,
  groups: ReadonlyArray<RowGroup>
): Effect.fn.Return<LastReceived | null, E | UnsoundFile> {
  let best: LastReceived | null = null
  // The later one of two that were received together.
  for (const group of groups.toReversed().toSorted((one, other) => latestOf(other) - latestOf(one))) {
    if (best !== null && best.receivedMicros >= latestOf(group)) break
    const isLive = rowType === "trade" ? yield* liveRows(file, group) : () => true
    const { values } = yield* columnOf(file, group, column.timestampCollector)
    const row = yield* decoded("a page of timestamps", () => lastOfMaximum(values, isLive))
    if (row === null) continue
    const receivedMicros = integerAt(values, row)
    if (best === null || receivedMicros > best.receivedMicros) best = { group, row, receivedMicros }
  }
  return best
})

const lastOfMaximum = (micros: Buffer, counts: (row: number) => boolean): number | null => {
  let best: number | null = null
  let most = -Infinity
  for (let row = 0; row * 8 < micros.length; row++) {
    if (!counts(row)) continue
    const each = integerAt(micros, row)
    if (each < most) continue
    most = each
    best = row
  }
  return best
}
