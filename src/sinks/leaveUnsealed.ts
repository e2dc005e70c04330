import { Effect, type FileSystem, type Path } from "effect"
import * as durableFolder from "../runtime/durableFolder.ts"
import type { PendingFile } from "./SeriesBuffer.ts"
import type { ParquetFile } from "./ParquetFile.ts"
import type { SeqRange } from "./SeqRanges.ts"

/** Lets go of a file that could not be sealed, for recovery to finish; answers the rows in it if somebody removed it. */
export const leaveUnsealed = Effect.fnUntraced(
  function*(
    fs: FileSystem.FileSystem,
    path: Path.Path,
    openFolder: string,
    { sealedAs, written }: PendingFile,
    file: ParquetFile
  ): Effect.fn.Return<ReadonlyArray<SeqRange>> {
    yield* file.close
    if (file.rows() === 0) {
      yield* Effect.ignore(
        fs.remove(file.path).pipe(
          Effect.andThen(durableFolder.sync(fs, openFolder)),
          Effect.andThen(fs.remove(file.checkpoints))
        )
      )
      return []
    }
    const at = sealedAs === null ? file.path : path.join(path.dirname(openFolder), sealedAs)
    if (yield* Effect.orElseSucceed(fs.exists(at), () => true)) {
      yield* Effect.logError(`${at} could not be sealed and is left with ${file.rows()} rows for recovery`)
      return []
    }
    yield* Effect.logError(`${at} was removed before it could be sealed, with ${file.rows()} rows in it`)
    return written.ranges
  }
)
