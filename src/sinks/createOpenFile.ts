import { Effect, type FileSystem, type Path, type PlatformError } from "effect"
import type { Series } from "../domain/Series.ts"
import * as durableFolder from "../runtime/durableFolder.ts"
import * as fileNames from "./fileNames.ts"
import type { JournalStream } from "./JournalStream.ts"
import type { MemoryKeeper } from "./MemoryKeeper.ts"
import type { PendingFile } from "./SeriesBuffer.ts"
import * as ParquetFile from "./ParquetFile.ts"

/** What an open file needs to know of its series. */
export interface OpenFileSettings {
  readonly series: Series
  readonly homeServerName: string | null
  readonly stream: JournalStream
  readonly openFolder: string
  readonly memory: MemoryKeeper
  readonly zstdLevel: number
}

/**
 * Creates the open file of a series whose first row came at `firstMillis`, under the next free name from there on: one that no sealed
 * file has either, for it is to be its own when it is sealed, whatever has been sealed and stored by then.
 */
export const createOpenFile = (
  fs: FileSystem.FileSystem,
  path: Path.Path,
  { series, homeServerName, memory, openFolder, stream, zstdLevel }: OpenFileSettings,
  { anew, firstMillis }: Pick<PendingFile, "anew" | "firstMillis">
): Effect.Effect<ParquetFile.ParquetFile, PlatformError.PlatformError> => {
  const createAt = (millis: number): Effect.Effect<ParquetFile.ParquetFile, PlatformError.PlatformError> => {
    const name = fileNames.openName(series, millis)
    // A restart would take it for the one that was sealed, which is not there any more.
    if (memory.mentions(name) || memory.hasNamed(millis)) return createAt(millis + 1)
    return ParquetFile.create(fs, path.join(openFolder, name), {
      folder: openFolder,
      zstdLevel,
      stream: stream.id,
      about: { kind: "file", series, homeServerName, firstMillis, gapsTold: anew || stream.replayed }
    }).pipe(
      Effect.catchReason("PlatformError", "AlreadyExists", () => createAt(millis + 1))
    )
  }
  return createAt(firstMillis).pipe(
    // Somebody removed the folder; the one above it is nobody's to make, for a disk may have been taken away.
    Effect.catchReason(
      "PlatformError",
      "NotFound",
      () =>
        fs.makeDirectory(openFolder).pipe(
          Effect.andThen(durableFolder.sync(fs, path.dirname(openFolder))),
          Effect.andThen(createAt(firstMillis))
        )
    )
  )
}
