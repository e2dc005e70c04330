import { Effect, type FileSystem } from "effect"
import { header } from "./fileFormat.ts"
import { Malformed } from "./RecordReader.ts"
import { ThriftReader } from "./ThriftReader.ts"

/** Longer than the header of any page that is written here. */
const headBytes = 256

/** Whether a file has bytes from `end` on. */
export const reaches = (fs: FileSystem.FileSystem, path: string, end: number) =>
  Effect.scoped(Effect.gen(function*() {
    const file = yield* fs.open(path, { flag: "r" })
    return (yield* file.read(Buffer.alloc(1), { position: BigInt(end) })) > 0
  }))

/** How many pages stand whole at the beginning of a Parquet file, one after the other, up to `most`; checksums are not looked at. */
export const wholePages = (fs: FileSystem.FileSystem, path: string, most: number) =>
  Effect.scoped(Effect.gen(function*() {
    const file = yield* fs.open(path, { flag: "r" })
    const head = Buffer.alloc(headBytes)
    let at = header.length
    for (let pages = 0; pages < most; pages++) {
      const read = yield* file.read(head, { position: BigInt(at) })
      const bytes = pageBytes(head.subarray(0, read))
      if (bytes === null) return pages
      at += bytes
      if ((yield* file.read(head.subarray(0, 1), { position: BigInt(at - 1) })) === 0) return pages
    }
    return most
  }))

/** The bytes of the page that begins with `head`, its header included; null where none does. */
const pageBytes = (head: Buffer): number | null => {
  try {
    const thrift = new ThriftReader(head)
    let compressed: number | null = null
    thrift.struct((field) => {
      if (field === 3) compressed = thrift.integer()
    })
    return compressed === null || compressed < 0 ? null : thrift.position + compressed
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}
