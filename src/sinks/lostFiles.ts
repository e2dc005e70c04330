import { Effect, type FileSystem, Option, type Path } from "effect"
import * as CheckpointLog from "./CheckpointLog.ts"
import * as fileNames from "./fileNames.ts"
import { withoutFile } from "./MemoryKeeper.ts"
import type { Survey } from "./recoverySurvey.ts"
import { nothing } from "./SeriesMemory.ts"
import * as StateFile from "./StateFile.ts"

/**
 * Has the state of each series of which an open file is given up say so, that the file which is sealed next does: of its rows only
 * those are left that the journal has, and a chain that passes over it in silence would prove what nobody has.
 */
export const tellLostFiles = Effect.fnUntraced(function*(
  fs: FileSystem.FileSystem,
  path: Path.Path,
  folder: string,
  { openFiles }: Pick<Survey, "openFiles">
) {
  const lost = openFiles.flatMap((finding) => finding.kind === "odd" && finding.lost ? finding.oddities : [])
  const series = new Map(
    lost.flatMap(({ path: at }) => {
      const file = fileNames.parseOpenName(path.basename(CheckpointLog.fileOf(at) ?? at))
      return file === null ? [] : [[`${file.exchange}/${file.normalizedSymbol}/${file.dataType}`, file.dataType]]
    })
  )
  for (const [id, rowType] of series) {
    const found = yield* StateFile.read(fs, folder, id).pipe(
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeedNone)
    )
    const state = Option.getOrElse(found, () => ({ known: nothing, sealing: null }))
    yield* StateFile.write(fs, folder, id, withoutFile(rowType, state))
  }
})
