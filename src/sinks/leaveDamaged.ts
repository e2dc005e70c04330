import { Effect, type FileSystem, type Path } from "effect"
import type { SinkStats } from "../telemetry/SinkStats.ts"
import { leaveUnsealed } from "./leaveUnsealed.ts"
import type { MemoryKeeper } from "./MemoryKeeper.ts"
import type { ParquetFile } from "./ParquetFile.ts"
import { standing } from "./removedFile.ts"
import type { PendingFile, SeriesBuffer } from "./SeriesBuffer.ts"

/**
 * Lets go of a complete file of which the disk does not give back what was written. No retry can help, and the feed must go on in
 * another file: what can be made of this one the next start finds out. Fails where somebody has removed it.
 */
export const leaveDamaged = Effect.fnUntraced(function*(at: {
  readonly fs: FileSystem.FileSystem
  readonly path: Path.Path
  readonly openFolder: string
  readonly stats: SinkStats
  readonly memory: MemoryKeeper
  readonly buffer: SeriesBuffer
  readonly pending: PendingFile
  readonly file: ParquetFile
  readonly problem: string
}) {
  const { buffer, file, fs, memory, openFolder, path, pending, problem, stats } = at
  yield* standing(fs, file.path)
  yield* memory.loseFile
  yield* Effect.logError(`${file.path}: ${problem}; recording goes on in a new file`)
  yield* leaveUnsealed(fs, path, openFolder, pending, file)
  stats.writeErrors++
  stats.openFileBytes -= file.bytes()
  buffer.files.splice(buffer.files.indexOf(pending), 1)
})
