import { Effect } from "effect"
import { type Chunk, pagesOf } from "./columnChunk.ts"
import { decoded, type FileBytes, type UnsoundFile } from "./footer.ts"

const read = <A>(name: string, valuesOf: (page: Buffer) => ReadonlyArray<A>) =>
  Effect.fnUntraced(function*<E>(file: FileBytes<E>, { from, length }: Chunk): Effect.fn.Return<
    ReadonlyArray<A>,
    E | UnsoundFile
  > {
    const pages = yield* pagesOf(yield* file.read(from, length), name)
    const values = yield* Effect.forEach(pages, (page) => decoded(`a page of ${name}`, () => valuesOf(page)))
    return values.flat()
  })

/** Reads every value of the text column `name` in one row group. */
export const texts = (name: string) =>
  read(name, (page) => {
    const values: Array<string> = []
    let at = 0
    while (at < page.length) {
      const from = at + 4
      at = from + page.readUInt32LE(at)
      if (at > page.length) throw new RangeError("a length beyond the end")
      values.push(page.toString("utf8", from, at))
    }
    return values
  })

/** Reads every value of the timestamp column `name` in one row group: microseconds since the epoch. */
export const timestamps = (name: string) =>
  read(name, (page) => Array.from({ length: page.length / 8 }, (_, index) => Number(page.readBigInt64LE(index * 8))))
