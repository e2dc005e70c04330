import type { GroupRecord } from "./checkpointRecord.ts"
import { header } from "./fileFormat.ts"
import { countRows, type SeqRanges } from "./SeqRanges.ts"

/**
 * Whether the journal has every row that may have been in a damaged open file beside its whole row groups `groups`: those between
 * them by their numbers, those behind the last, of which there must be one, and where the first is lost all since the stream began.
 */
export const heldByJournal = (
  groups: ReadonlyArray<GroupRecord>,
  journaled: (stream: number) => SeqRanges
): boolean => {
  let end = header.length
  let before: GroupRecord | null = null
  for (const group of groups) {
    if (group.from !== end) {
      if (before !== null && before.stream !== group.stream) return false
      const between = { first: (before?.last ?? 0) + 1, last: group.first - 1 }
      if (countRows(journaled(group.stream).missing(between)) > 0) return false
    }
    end = group.to
    before = group
  }
  if (before === null) return false
  const rows = journaled(before.stream)
  const behind = { first: before.last + 1, last: Math.max(before.last + 1, rows.ranges.at(-1)?.last ?? 0) }
  return countRows(rows.missing(behind)) === 0
}
