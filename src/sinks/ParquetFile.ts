import { Cause, Effect, Exit, type FileSystem, type PlatformError, Schema, Scope } from "effect"
import type { RowGroup } from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import type { Envelope } from "./fileFormat.ts"
import type { RowBuffer } from "./RowBuffer.ts"
import { encodeRowGroup } from "./rowGroupEncoder.ts"

/** Rows could not be turned into a row group: no retry can help. */
export class EncodeError extends Schema.TaggedError<EncodeError>()("EncodeError", { cause: Schema.Defect() }) {
  override get message() {
    return `rows could not be encoded: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}

/** A Parquet file that grows by row groups. After a failed step the next step starts again from the last good byte. */
export interface ParquetFile {
  readonly path: string
  /** Bytes of whole row groups and the header; once finished, of the file. */
  readonly bytes: () => number
  readonly rows: () => number
  readonly append: (rows: RowBuffer) => Effect.Effect<void, PlatformError.PlatformError | EncodeError>
  /** Writes the footer and waits until the disk has all of it. Safe to repeat, also after it succeeded. */
  readonly finish: Effect.Effect<void, PlatformError.PlatformError>
  /** Lets go of the file; it stays where it is. */
  readonly close: Effect.Effect<void>
}

/** Creates `path`, which must not exist, with the header in it. */
export const create = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: string, options: {
  readonly envelope: Envelope
  readonly zstdLevel: number
}) {
  const scope = yield* Scope.make()
  const close = Scope.close(scope, Exit.void).pipe(
    // The bytes are proven by fsync, so a failing close loses nothing but the handle.
    Effect.catchCause((cause) => Effect.logDebug(`closing ${path}: ${Cause.pretty(cause)}`))
  )
  const file = yield* Scope.provide(fs.open(path, { flag: "wx" }), scope).pipe(Effect.onError(() => close))
  const rowGroups: Array<RowGroup> = []
  let goodBytes = 0
  let rows = 0
  /** True while bytes after `goodBytes` may be on disk. */
  let torn = false
  let finished = false

  const cutBack = Effect.gen(function*() {
    yield* file.truncate(goodBytes)
    yield* file.seek(BigInt(goodBytes), "start")
    torn = false
  })

  const write = Effect.fnUntraced(function*(bytes: Buffer) {
    if (torn) yield* cutBack
    torn = true
    // On a full disk the rest of a torn row group would keep the space that others could use.
    yield* file.writeAll(bytes).pipe(Effect.tapError(() => Effect.ignore(cutBack)))
  })

  const append = Effect.fnUntraced(function*(group: RowBuffer) {
    const encoded = yield* Effect.tryPromise({
      try: () => encodeRowGroup(group, goodBytes, options.zstdLevel),
      catch: (cause) => new EncodeError({ cause })
    })
    yield* write(encoded.body)
    torn = false
    goodBytes += encoded.body.length
    rows += group.rows
    rowGroups.push(encoded.metadata)
  })

  const finish = Effect.gen(function*() {
    if (finished) return
    const footer = options.envelope.footer(rowGroups)
    yield* write(footer)
    // Until fsync has answered, the footer counts as torn: a repetition writes it anew.
    yield* file.sync
    torn = false
    goodBytes += footer.length
    finished = true
  })

  yield* write(options.envelope.header).pipe(
    Effect.onError(() => Effect.andThen(close, Effect.ignore(fs.remove(path))))
  )
  torn = false
  goodBytes = options.envelope.header.length
  const created: ParquetFile = { path, bytes: () => goodBytes, rows: () => rows, append, finish, close }
  return created
})
