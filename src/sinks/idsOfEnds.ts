import { Effect } from "effect"
import { column } from "./columns.ts"
import { endTexts, readColumn } from "./columnValues.ts"
import { decoded, type FileBytes, unsound, type UnsoundFile } from "./footer.ts"
import { type Chunk, chunkOf, type RowGroup } from "./rowGroupMetadata.ts"

/** The ids of the first and the last row. */
export interface EndIds {
  readonly first: string
  readonly last: string
}

const { name } = column.sequenceId

/** Where the ids of the first and the last row group are; they may be the same. */
export interface EndChunks {
  readonly first: Chunk
  readonly last: Chunk
}

const idsOf = (group: RowGroup | undefined): Chunk | null => group === undefined ? null : chunkOf(group, name)

/** Where a file has the ids of its ends; null where it has none. */
export const endChunks = (groups: ReadonlyArray<RowGroup>): EndChunks | null => {
  const first = idsOf(groups[0])
  const last = idsOf(groups.at(-1))
  return first === null || last === null ? null : { first, last }
}

/** Reads the ids of a file's first and last row, and of its bytes only the id column of the first and the last row group. */
export const idsOfEnds = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  { first, last }: EndChunks
): Effect.fn.Return<EndIds, E | UnsoundFile> {
  const endsAt = Effect.fnUntraced(function*(chunk: Chunk): Effect.fn.Return<EndIds, E | UnsoundFile> {
    const { values } = yield* readColumn(file, chunk)
    const ends = yield* decoded(`a page of ${name}`, () => endTexts(values))
    return ends ?? (yield* unsound(`its column ${name} cannot be read`))
  })
  const firstEnds = yield* endsAt(first)
  const lastEnds = first.from === last.from ? firstEnds : yield* endsAt(last)
  return { first: firstEnds.first, last: lastEnds.last }
})
