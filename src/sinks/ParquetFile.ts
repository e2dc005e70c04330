import { Cause, Effect, Exit, type FileSystem, type PlatformError, Schema, Scope } from "effect"
import { createHash } from "node:crypto"
import { crc32 } from "node:zlib"
import * as durableFolder from "../runtime/durableFolder.ts"
import * as CheckpointLog from "./CheckpointLog.ts"
import type { FileRecord, GroupRecord } from "./checkpointRecord.ts"
import { footer, header } from "./fileFormat.ts"
import { type FileBytes, unsound, type UnsoundFile } from "./footer.ts"
import { HighestId } from "./HighestId.ts"
import { readExactly } from "./readExactly.ts"
import type { RowBuffer } from "./RowBuffer.ts"
import { encodeRowGroup } from "./rowGroupEncoder.ts"
import type { RowGroupMetadata } from "./rowGroupMetadata.ts"

/** Rows could not be turned into a row group, twice: no retry can help. */
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
  /** Where it is told which row groups the disk has; stays when the file gets its final name. */
  readonly checkpoints: string
  /** Waits until the disk has `rows` as a row group, and knows that it counts. */
  readonly append: (rows: RowBuffer) => Effect.Effect<void, PlatformError.PlatformError | EncodeError>
  /** Its row groups, in their order, read back from the checkpoints: those of an hour of many quiet feeds would fill the memory. */
  readonly groups: Effect.Effect<ReadonlyArray<GroupRecord>, UnsoundFile>
  /** Of its rows. Kept while it grows: to find it later, all row groups would have to be opened. */
  readonly highestId: Pick<HighestId, "best">
  /** Their bytes, which can also be read when somebody has removed the file. */
  readonly source: () => FileBytes<PlatformError.PlatformError | UnsoundFile>
  /**
   * Writes the footer, with all of its row groups and what the file says of itself, waits until the disk has all of it, and
   * answers the SHA-256 of the whole file. Safe to repeat, also with other metadata as long as the file has not got its final name.
   */
  readonly finish: (
    groups: ReadonlyArray<RowGroupMetadata>,
    metadata: Readonly<Record<string, string>>
  ) => Effect.Effect<string, PlatformError.PlatformError>
  /** Waits until the checkpoints on disk say that the finished file gets its final name next. Safe to repeat. */
  readonly announce: Effect.Effect<void, PlatformError.PlatformError>
  /** Lets go of the file; it stays where it is. */
  readonly close: Effect.Effect<void>
}

/** Creates `path`, which must not exist, with the header in it, and its checkpoints beside it; both known to the disk. */
export const create = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: string, options: {
  readonly folder: string
  readonly zstdLevel: number
  readonly stream: number
  readonly about: FileRecord
}) {
  const scope = yield* Scope.make()
  const checkpoints = yield* CheckpointLog.create(fs, CheckpointLog.pathOf(path), options.about)
  const close = Effect.andThen(Scope.close(scope, Exit.void), checkpoints.close).pipe(
    // The bytes are proven by fsync, so a failing close loses nothing but the handle.
    Effect.catchCause((cause) => Effect.logDebug(`closing ${path}: ${Cause.pretty(cause)}`))
  )
  const giveUp = Effect.andThen(close, Effect.ignore(fs.remove(checkpoints.path)))
  // Known before the file is: a file without checkpoints would have to be taken for damaged.
  const file = yield* durableFolder.sync(fs, options.folder).pipe(
    Effect.andThen(Scope.provide(fs.open(path, { flag: "wx+" }), scope)),
    Effect.onError(() => giveUp)
  )
  let groupsWritten = 0
  let goodBytes = 0
  let rows = 0
  const highestId = new HighestId()
  /** True while bytes after `goodBytes` may be on disk. */
  let torn = false
  const hash = createHash("sha256")
  /** What it says of itself, and its SHA-256; null while it has no footer. */
  let finished: { readonly text: string; readonly rowBytes: number; readonly sha256: string } | null = null
  let announced = false

  const cutBack = Effect.gen(function*() {
    // A row group that is told of must not be cut off.
    yield* checkpoints.settle
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
    const { body, highestId: highest, metadata } = yield* Effect.tryPromise({
      try: () => encodeRowGroup(group, goodBytes, options.zstdLevel),
      catch: (cause) => new EncodeError({ cause })
      // Memory may have been short just then, and nothing else has these rows.
    }).pipe(Effect.retry({ times: 1 }))
    yield* write(body)
    yield* file.sync
    const to = goodBytes + body.length
    const record: GroupRecord = {
      kind: "group",
      stream: options.stream,
      first: group.firstSeq,
      last: group.lastSeq,
      from: goodBytes,
      to,
      crc: crc32(body),
      metadata
    }
    yield* checkpoints.append(record)
    torn = false
    goodBytes = to
    hash.update(body)
    rows += group.rows
    groupsWritten++
    highestId.add(highest)
  })

  const groups = Effect.gen(function*() {
    const records = yield* Effect.catchTag(
      checkpoints.groups,
      "PlatformError",
      (error) => unsound(`its checkpoints cannot be read back: ${error.message}`)
    )
    let end = header.length
    for (const { from, stream, to } of records) end = from === end && stream === options.stream ? to : NaN
    if (records.length === groupsWritten && end === (finished?.rowBytes ?? goodBytes)) return records
    return yield* unsound(`its checkpoints tell of ${records.length} of its ${groupsWritten} row groups`)
  })

  const finish = Effect.fnUntraced(function*(
    groups: ReadonlyArray<RowGroupMetadata>,
    metadata: Readonly<Record<string, string>>
  ) {
    const text = JSON.stringify(metadata)
    if (finished?.text === text) return finished.sha256
    if (finished !== null) {
      torn = true
      goodBytes = finished.rowBytes
      finished = null
    }
    const rowBytes = goodBytes
    const end = footer(options.about.series.dataType, groups, metadata)
    yield* write(end)
    // Until fsync has answered, the footer counts as torn: a repetition writes it anew.
    yield* file.sync
    torn = false
    goodBytes += end.length
    finished = { text, rowBytes, sha256: hash.copy().update(end).digest("hex") }
    return finished.sha256
  })

  const announce = Effect.gen(function*() {
    if (announced) return
    yield* checkpoints.append({ kind: "sealing" })
    announced = true
  })

  yield* write(header).pipe(
    Effect.andThen(durableFolder.sync(fs, options.folder)),
    Effect.onError(() => Effect.andThen(Effect.ignore(fs.remove(path)), giveUp))
  )
  torn = false
  goodBytes = header.length
  hash.update(header)
  const created: ParquetFile = {
    path,
    checkpoints: checkpoints.path,
    bytes: () => goodBytes,
    rows: () => rows,
    groups,
    highestId,
    source: () => ({ bytes: goodBytes, read: (from, length) => readExactly(file, from, length) }),
    append,
    finish,
    announce,
    close
  }
  return created
})
