import { Effect, type FileSystem, Schema } from "effect"
import { basename } from "node:path"
import * as durableFolder from "../runtime/durableFolder.ts"
import type { SinkStats } from "../telemetry/SinkStats.ts"
import type { PendingFile, SeriesBuffer } from "./SeriesBuffer.ts"
import type { JournalStream } from "./JournalStream.ts"
import * as lostRows from "./lostRows.ts"
import type { MemoryKeeper } from "./MemoryKeeper.ts"
import type { ParquetFile } from "./ParquetFile.ts"
import { countRows, SeqRanges } from "./SeqRanges.ts"
import type { LostRows } from "./Sink.ts"

/** Somebody removed a file that the recorder had not sealed yet. */
export class FileRemoved extends Schema.TaggedError<FileRemoved>()("FileRemoved", { path: Schema.String }) {
  override get message() {
    return `${this.path} was removed before it was sealed`
  }
}

/** Fails where nothing stands at `path` any more: writing to an open file does not notice that. */
export const standing = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, path: string) {
  // Where nobody can say, it stands: a row group that is in the file must not be written once more.
  const stands = yield* Effect.orElseSucceed(fs.exists(path), () => true)
  if (!stands) return yield* new FileRemoved({ path })
})

/** Lets go of a file that somebody removed. What the journal has of its rows waits for a new file; the rest is counted as lost. */
export const beginAnew = Effect.fnUntraced(
  function*(at: {
    readonly fs: FileSystem.FileSystem
    readonly buffer: SeriesBuffer
    readonly stream: JournalStream
    readonly stats: SinkStats
    readonly openFolder: string
    readonly memory: MemoryKeeper
    readonly onLost: (rows: LostRows) => void
    readonly pending: PendingFile
    readonly file: ParquetFile
  }) {
    const { buffer, file, fs, memory, openFolder, pending, stats, stream } = at
    const rows = countRows(pending.written.ranges)
    const runs = yield* stream.reclaim(pending.written.ranges)
    const again = new SeqRanges()
    for (const { events, first } of runs) again.add({ first, last: first + events.length - 1 })
    const gone = pending.written.ranges.flatMap((range) => again.missing(range))
    const restored = buffer.beginAnew(pending, runs)
    stats.filesOpen--
    stats.openFileBytes -= file.bytes()
    stats.writeErrors++
    stats.rowsRemoved += rows
    stats.rowsBuffered += restored
    // Those of an earlier process stay in its journal until they are in a file.
    const lost = stream.replayed ? 0 : rows - restored
    stats.rowsLost += lost
    if (lost > 0) at.onLost(yield* lostRows.ofFile(file, pending.firstMillis, gone))
    yield* Effect.logError(
      `${file.path} was removed before it was sealed, with ${rows} rows in it: ` +
        `${restored} are taken back from the journal, ${lost} are lost and counted; recording goes on in a new file`
    )
    yield* file.close
    // Told already: the next start has nothing to say of it. A power loss must not bring the file back without its checkpoints.
    yield* memory.withdraw(basename(file.path)).pipe(
      Effect.andThen(durableFolder.sync(fs, openFolder)),
      Effect.andThen(fs.remove(file.checkpoints)),
      Effect.andThen(durableFolder.sync(fs, openFolder)),
      Effect.ignore
    )
  }
)
