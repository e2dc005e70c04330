import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { decodeThrift } from "@dsnp/parquetjs/dist/lib/util.js"
import { Effect, Schema } from "effect"

/** What a Parquet file begins and ends with. */
export const magic = "PAR1"
/** Length of the footer and the magic number. */
const tailBytes = 8
/** What is read of the end of a file at first: the whole footer of most files. */
const guessBytes = 32 * 1024

/** The row groups of a damaged file that are whole, counted from 0. */
const Readable = Schema.Struct({
  groups: Schema.Array(Schema.Int),
  ofGroups: Schema.Int,
  rows: Schema.Int,
  ofRows: Schema.Int
})
export type Readable = typeof Readable.Type

/** A sealed file is not what it should be. */
export class UnsoundFile extends Schema.TaggedError<UnsoundFile>()("UnsoundFile", {
  problem: Schema.String,
  /** Null where not even the footer can be read. */
  readable: Schema.NullOr(Readable)
}) {
  override get message() {
    return this.problem
  }
}

/** The bytes of a file, wherever it is kept. */
export interface FileBytes<E> {
  readonly bytes: number
  /** Exactly `length` bytes from `from` on. */
  readonly read: (from: number, length: number) => Effect.Effect<Buffer, E>
}

export const unsound = (problem: string) => Effect.fail(new UnsoundFile({ problem, readable: null }))

/** What Thrift makes of some bytes, or that nothing can be made of them. */
export const decoded = <A>(what: string, decode: () => A): Effect.Effect<A, UnsoundFile> =>
  Effect.try({ try: decode, catch: () => new UnsoundFile({ problem: `${what} cannot be read`, readable: null }) })

/** A footer, and where it begins. */
export interface Footer {
  readonly metadata: parquet.FileMetaData
  readonly offset: number
}

/** Reads the footer of a Parquet file: most often with one read of its end. */
export const readFooter = Effect.fnUntraced(
  function*<E>(file: FileBytes<E>): Effect.fn.Return<Footer, E | UnsoundFile> {
    const { bytes } = file
    if (bytes < magic.length + tailBytes) return yield* unsound(`it has ${bytes} bytes only`)
    const end = yield* file.read(Math.max(0, bytes - guessBytes), Math.min(bytes, guessBytes))
    if (end.toString("latin1", end.length - magic.length) !== magic) {
      return yield* unsound("it does not end as a Parquet file")
    }
    const footerBytes = end.readUInt32LE(end.length - tailBytes)
    const offset = bytes - tailBytes - footerBytes
    if (offset < magic.length) return yield* unsound("its footer is longer than the file")
    const known = end.length - tailBytes - footerBytes
    const footer = known < 0 ? yield* file.read(offset, footerBytes) : end.subarray(known, known + footerBytes)
    const metadata = yield* decoded("its footer", () => {
      const value = new parquet.FileMetaData()
      decodeThrift(value, footer)
      return value
    })
    return { metadata, offset }
  }
)
