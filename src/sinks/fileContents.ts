import { Effect, Schema } from "effect"
import { Gap } from "../domain/Gap.ts"
import type { RowType } from "../domain/Series.ts"
import { errorText } from "../runtime/errorText.ts"
import { column } from "./columns.ts"
import { texts } from "./columnValues.ts"
import { decoded, type FileBytes, unsound, type UnsoundFile } from "./footer.ts"
import type { HighestId } from "./HighestId.ts"
import { endChunks, type EndIds, idsOfEnds } from "./idsOfEnds.ts"
import { newestRow } from "./newestRow.ts"
import { columnOf } from "./rowGroupColumns.ts"
import type { RowGroup } from "./rowGroupMetadata.ts"
import { type FileRows, latest, recentIdsKept } from "./SeriesMemory.ts"

/** What has to be known of the rows of a file when it is sealed. */
export interface FileContents {
  readonly ends: EndIds
  readonly rows: FileRows
}

/** As `contentsOf`; null, with a word to the operator, where the disk does not give back what it has: no reason not to seal the file. */
export const contentsOrNone = <E extends Error>(
  path: string,
  file: FileBytes<E>,
  rowType: RowType,
  groups: Groups,
  highest: Pick<HighestId, "best"> | null
): Effect.Effect<FileContents | null> =>
  contentsOf(file, rowType, groups, highest).pipe(
    Effect.catch((error) =>
      Effect.as(
        Effect.logError(
          `${path} cannot be read back (${errorText(error)}): it is sealed, and a restart does not know its rows`
        ),
        null
      )
    )
  )

type Groups = ReadonlyArray<RowGroup>

/**
 * Reads it from the columns on disk, so that it is the same whoever finishes the file: of most columns nothing. Only the highest id,
 * for which every row group has to be opened, is taken from `highest` where that is known.
 */
const contentsOf = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  rowType: RowType,
  groups: Groups,
  highest: Pick<HighestId, "best"> | null
): Effect.fn.Return<FileContents, E | UnsoundFile> {
  const ends = endChunks(groups)
  if (ends === null) return yield* unsound("it has no ids")
  return {
    ends: yield* idsOfEnds(file, ends),
    rows: {
      newest: yield* newestRow(file, rowType, groups, highest),
      recentIds: rowType === "trade" ? yield* recentIds(file, groups) : [],
      gaps: rowType === "gap" ? latest(yield* gapsIn(file, groups)) : []
    }
  }
})

/** The ids of the last rows, in their order: also of trades that were fetched, which must not be fetched again. */
const recentIds = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  groups: Groups
): Effect.fn.Return<ReadonlyArray<string>, E | UnsoundFile> {
  const pages: Array<ReadonlyArray<string>> = []
  let count = 0
  for (const group of groups.toReversed()) {
    if (count >= recentIdsKept) break
    const { values } = yield* columnOf(file, group, column.sequenceId)
    const own = yield* decoded("a page of ids", () => texts(values))
    pages.push(own)
    count += own.length
  }
  return pages.toReversed().flat().slice(-recentIdsKept)
})

const readGap = Schema.decodeUnknownSync(Schema.fromJsonString(Gap))

const gapsIn = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  groups: Groups
): Effect.fn.Return<ReadonlyArray<Gap>, E | UnsoundFile> {
  const gaps: Array<Gap> = []
  for (const group of groups) {
    const { values } = yield* columnOf(file, group, column.data)
    for (const json of yield* decoded("a page of gaps", () => texts(values))) {
      gaps.push(yield* decoded("a gap", () => readGap(json)))
    }
  }
  return gaps
})
