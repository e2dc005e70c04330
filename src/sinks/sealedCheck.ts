import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { decodeThrift } from "@dsnp/parquetjs/dist/lib/util.js"
import { Effect, type FileSystem, type PlatformError, Result } from "effect"
import { crc32 } from "node:zlib"
import { errorText } from "../runtime/errorText.ts"
import { contradiction } from "./certificateCheck.ts"
import { decoded, type FileBytes, magic, readFooter, unsound, UnsoundFile } from "./footer.ts"
import { readExactly } from "./readExactly.ts"

/** What a sound file holds. */
export interface SoundFile {
  readonly rows: number
  readonly bytes: number
}

type Check<E> = Effect.Effect<SoundFile, UnsoundFile | E>

/** Reads all of a Parquet file and compares it with its footer: magic, row groups, page checksums, row counts and what it says of itself. */
export const checkBytes = Effect.fnUntraced(
  function*<E>(file: FileBytes<E>): Effect.fn.Return<SoundFile, UnsoundFile | E> {
    const { metadata } = yield* readFooter(file)
    const head = yield* file.read(0, magic.length)
    if (head.toString("latin1") !== magic) return yield* unsound("it does not begin as a Parquet file")
    const readable: Array<number> = []
    let rows = 0
    let allRows = 0
    let problem: string | null = null
    for (const [index, group] of metadata.row_groups.entries()) {
      const groupRows = group.num_rows.toNumber()
      allRows += groupRows
      const outcome = yield* Effect.result(checkGroup(file, group))
      if (Result.isSuccess(outcome)) {
        readable.push(index)
        rows += groupRows
      } else problem ??= errorText(outcome.failure)
    }
    if (allRows !== metadata.num_rows.toNumber()) {
      problem ??= `its row groups have ${allRows} rows, its footer says ${metadata.num_rows.toNumber()}`
    }
    problem ??= yield* contradiction(file, metadata)
    if (problem === null) return { rows, bytes: file.bytes }
    return yield* new UnsoundFile({
      problem,
      readable: { groups: readable, ofGroups: metadata.row_groups.length, rows, ofRows: allRows }
    })
  }
)

/** Checks a file in a folder as `checkBytes` does. */
export const checkFile = (fs: FileSystem.FileSystem, path: string): Check<PlatformError.PlatformError> =>
  Effect.scoped(Effect.gen(function*() {
    const { size, type } = yield* fs.stat(path)
    // Whoever opens a named pipe waits for somebody to write to it.
    if (type !== "File") return yield* unsound("it is no regular file")
    const file = yield* fs.open(path, { flag: "r" })
    return yield* checkBytes({ bytes: Number(size), read: (from, length) => readExactly(file, from, length) })
  }))

const checkGroup = Effect.fnUntraced(function*<E>(file: FileBytes<E>, group: parquet.RowGroup) {
  for (const { meta_data: column } of group.columns) {
    if (column === undefined) return yield* unsound("its footer tells nothing of a column")
    yield* checkColumn(file, column, group.num_rows.toNumber())
  }
})

const checkColumn = Effect.fnUntraced(
  function*<E>(file: FileBytes<E>, column: parquet.ColumnMetaData, groupRows: number) {
    const name = column.path_in_schema.join(".")
    const start = column.data_page_offset.toNumber()
    const length = column.total_compressed_size.toNumber()
    if (start < 0 || length < 0) return yield* unsound("its footer tells of impossible sizes")
    const pages = yield* file.read(start, length)
    let at = 0
    let values = 0
    while (at < pages.length) {
      const { header, headerBytes } = yield* decoded(`a page of ${name}`, () => {
        const value = new parquet.PageHeader()
        return { headerBytes: decodeThrift(value, pages, at), header: value }
      })
      const from = at + headerBytes
      const body = pages.subarray(from, from + header.compressed_page_size)
      const damaged = body.length !== header.compressed_page_size ||
        (typeof header.crc === "number" && (crc32(body) | 0) !== header.crc)
      if (damaged) {
        return yield* unsound(`a page of ${name} at byte ${start + at} does not have the bytes that were written`)
      }
      values += header.data_page_header_v2?.num_values ?? header.data_page_header?.num_values ?? 0
      at = from + body.length
    }
    if (values !== groupRows) return yield* unsound(`${name} has ${values} values for ${groupRows} rows`)
  }
)
