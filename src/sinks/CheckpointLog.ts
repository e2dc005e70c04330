import { Cause, Effect, Exit, type FileSystem, type PlatformError, Scope } from "effect"
import * as checkpointRecord from "./checkpointRecord.ts"
import type { UnsoundFile } from "./footer.ts"
import { readExactly } from "./readExactly.ts"
import * as recordFrame from "./recordFrame.ts"

/** The name of the checkpoints of the open file `path`. */
export const pathOf = (path: string): string => `${path}.groups`

/** Reads back `pathOf`; null for any other path. */
export const fileOf = (path: string): string | null =>
  path.endsWith(".groups") ? path.slice(0, -".groups".length) : null

/** What the disk has of an open file, written beside it: a row group counts from the moment that it is told here. */
export interface CheckpointLog {
  readonly path: string
  /** Waits until the disk has `record`. After a failure it may or may not be there until `settle` has worked. */
  readonly append: (
    record: checkpointRecord.GroupRecord | checkpointRecord.SealingRecord
  ) => Effect.Effect<void, PlatformError.PlatformError>
  /** Reads back the row groups that were appended, in their order; also when somebody has removed the file. */
  readonly groups: Effect.Effect<ReadonlyArray<checkpointRecord.GroupRecord>, PlatformError.PlatformError | UnsoundFile>
  /** Waits until the disk has nothing but what was appended. */
  readonly settle: Effect.Effect<void, PlatformError.PlatformError>
  /** Lets go of the file; it stays where it is. */
  readonly close: Effect.Effect<void>
}

/** Creates the checkpoints at `path`, which must not exist; the folder is not synced. */
export const create = Effect.fnUntraced(
  function*(fs: FileSystem.FileSystem, path: string, file: checkpointRecord.FileRecord) {
    const scope = yield* Scope.make()
    const close = Scope.close(scope, Exit.void).pipe(
      Effect.catchCause((cause) => Effect.logDebug(`closing ${path}: ${Cause.pretty(cause)}`))
    )
    const handle = yield* Scope.provide(fs.open(path, { flag: "wx+" }), scope).pipe(Effect.onError(() => close))
    const head = Buffer.concat([checkpointRecord.magic, checkpointRecord.encode(file)])
    yield* handle.writeAll(head).pipe(
      Effect.andThen(handle.sync),
      Effect.onError(() => Effect.andThen(close, Effect.ignore(fs.remove(path))))
    )
    let goodBytes = head.length
    /** True while the disk may have bytes after `goodBytes`. */
    let torn = false

    const settle = Effect.gen(function*() {
      if (!torn) return
      yield* handle.truncate(goodBytes)
      yield* handle.seek(BigInt(goodBytes), "start")
      yield* handle.sync
      torn = false
    })
    const append = Effect.fnUntraced(function*(
      record: checkpointRecord.GroupRecord | checkpointRecord.SealingRecord
    ) {
      yield* settle
      torn = true
      const bytes = checkpointRecord.encode(record)
      yield* handle.writeAll(bytes)
      yield* handle.sync
      torn = false
      goodBytes += bytes.length
    })
    const groups = Effect.gen(function*() {
      const bytes = yield* readExactly(handle, 0, goodBytes)
      return recordFrame.scan(bytes, checkpointRecord.magic.length).frames.flatMap(({ body }) => {
        const record = checkpointRecord.decode(body)
        return record?.kind === "group" ? [record] : []
      })
    })
    const log: CheckpointLog = { path, append, groups, settle, close }
    return log
  }
)
