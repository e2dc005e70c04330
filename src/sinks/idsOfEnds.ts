import type parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { Effect } from "effect"
import { type Chunk, chunkOf, pagesOf } from "./columnChunk.ts"
import { column } from "./columns.ts"
import { decoded, type FileBytes, type UnsoundFile } from "./footer.ts"

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

/** Where a file has the ids of its ends; null where it has none. */
export const endChunks = (groups: ReadonlyArray<parquet.RowGroup>): EndChunks | null => {
  const first = chunkOf(groups[0], name)
  const last = chunkOf(groups.at(-1), name)
  return first === null || last === null ? null : { first, last }
}

/** Reads the ids of a file's first and last row, and of its bytes only the id column of the first and the last row group. */
export const idsOfEnds = Effect.fnUntraced(function*<E>(
  file: FileBytes<E>,
  { first, last }: EndChunks
): Effect.fn.Return<EndIds, E | UnsoundFile> {
  const valuesAt = ({ from, length }: Chunk) => Effect.flatMap(file.read(from, length), valuesOf)
  const firstValues = yield* valuesAt(first)
  const lastValues = first.from === last.from ? firstValues : yield* valuesAt(last)
  return { first: firstValues[0] ?? "", last: lastValues.at(-1) ?? "" }
})

const valuesOf = Effect.fnUntraced(function*(chunk: Buffer): Effect.fn.Return<ReadonlyArray<string>, UnsoundFile> {
  const texts: Array<string> = []
  for (const page of yield* pagesOf(chunk, name)) {
    texts.push(...yield* decoded(`a page of ${name}`, () => endsOf(page)))
  }
  return texts
})

/** The first and the last value of the type BYTE_ARRAY: each is its length and its bytes. Of those between only the length is looked at. */
const endsOf = (values: Buffer): ReadonlyArray<string> => {
  let last = 0
  let at = 0
  while (at < values.length) {
    last = at
    at += 4 + values.readUInt32LE(at)
  }
  if (at !== values.length || at === 0) throw new RangeError("lengths that do not add up")
  const text = (from: number) => values.toString("utf8", from + 4, from + 4 + values.readUInt32LE(from))
  return [text(0), text(last)]
}
