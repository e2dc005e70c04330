import { Effect } from "effect"
import type { RowType } from "../domain/Series.ts"
import { column } from "./columns.ts"
import { integerAt, textAt, textPlaces } from "./columnValues.ts"
import { decoded, type FileBytes, type UnsoundFile } from "./footer.ts"
import { HighestId, highestOf } from "./HighestId.ts"
import { columnOf, liveRows, markOf } from "./rowGroupColumns.ts"
import type { RowGroup } from "./rowGroupMetadata.ts"
import type { Mark } from "./SeriesMemory.ts"

/**
 * Finds the newest row: of trades whose ids are numbers that with the highest, of others the one that was received last. Its time is
 * that of the row that was received last, for the trade with the highest id may have come before others. Where it is not `known`
 * which id is the highest, the ids of all row groups are read.
 */
export const newestRow = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  rowType: RowType,
  groups: ReadonlyArray<RowGroup>,
  known: Pick<HighestId, "best"> | null
): Effect.fn.Return<Mark | null, E | UnsoundFile> {
  const last = yield* lastReceived(file, rowType, groups)
  // Of trades that were fetched alone it is not known that anything was received.
  if (last === null) return null
  const highest = rowType === "trade" ? (known ?? (yield* highestId(file, groups))).best : null
  const owner = highest === null ? undefined : groups[highest.group]
  if (highest !== null && owner !== undefined) {
    const mark = yield* markOf(file, owner, highest.row, highest.id)
    return { ...mark, receivedMicros: last.receivedMicros }
  }
  const { group, row } = last
  const { values } = yield* columnOf(file, group, column.sequenceId)
  const id = yield* decoded("a page of ids", () => textAt(values, [...textPlaces(values)][row] ?? values.length))
  return yield* markOf(file, group, row, id)
})

const highestId = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  groups: ReadonlyArray<RowGroup>
): Effect.fn.Return<HighestId, E | UnsoundFile> {
  const highest = new HighestId()
  for (const group of groups) {
    const { values } = yield* columnOf(file, group, column.sequenceId)
    const found = yield* decoded("a page of ids", () => highestOf(values))
    highest.add(found)
    if (found === null) break
  }
  return highest
})

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
