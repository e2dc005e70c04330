import { Effect, type FileSystem, type Path } from "effect"
import * as durableFolder from "../runtime/durableFolder.ts"
import * as CheckpointLog from "./CheckpointLog.ts"
import * as checkpointRecord from "./checkpointRecord.ts"
import { fileMetadata, footer, header } from "./fileFormat.ts"
import * as fileNames from "./fileNames.ts"
import { type Moved, rewritten, type Unfinished } from "./openFolderSurvey.ts"
import type { SealedFolder } from "./SealedFolder.ts"

/** Completes an open file with its whole row groups and seals it; its checkpoints stay. Answers the path and the rows. */
export const finishOpenFile = Effect.fnUntraced(
  function*(fs: FileSystem.FileSystem, path: Path.Path, sealed: SealedFolder, file: Unfinished) {
    const { series, firstMillis, homeServerName } = file.about
    const folder = yield* Effect.fromResult(fileNames.sealedFolder(series, homeServerName))
    const end = Math.max(...file.groups.map(({ to }) => to))
    yield* Effect.scoped(Effect.gen(function*() {
      const handle = yield* fs.open(file.path, { flag: "r+" })
      yield* handle.truncate(end)
      yield* handle.seek(0n, "start")
      yield* handle.writeAll(header)
      yield* handle.seek(BigInt(end), "start")
      yield* handle.writeAll(
        footer(series.dataType, file.groups.map(({ metadata }) => metadata), fileMetadata(series, homeServerName))
      )
      yield* handle.sync
    }))
    const relativePath = yield* sealed.adopt(file.path, folder, firstMillis, announce(fs, path, file))
    yield* sealed.persist(relativePath)
    return { relativePath, rows: file.groups.reduce((sum, { metadata }) => sum + metadata.num_rows.toNumber(), 0) }
  }
)

/** Waits until the disk knows the final name of a file whose renaming may have been the last thing that happened. */
export const persistMoved = Effect.fnUntraced(function*(sealed: SealedFolder, { about }: Moved) {
  if (about === null) return
  const folder = yield* Effect.fromResult(fileNames.sealedFolder(about.series, about.homeServerName))
  yield* sealed.persistDay(folder, about.firstMillis)
})

/** Once the file has its final name, its checkpoints must say so, and tell of no row that is not in it. */
const announce = Effect.fnUntraced(
  function*(fs: FileSystem.FileSystem, path: Path.Path, { about, groups, path: filePath }: Unfinished) {
    const target = CheckpointLog.pathOf(filePath)
    const beside = `${filePath}${rewritten}`
    const records = [about, ...groups, { kind: "sealing" as const }].map(checkpointRecord.encode)
    yield* Effect.scoped(Effect.gen(function*() {
      const handle = yield* fs.open(beside, { flag: "w" })
      yield* handle.writeAll(Buffer.concat([checkpointRecord.magic, ...records]))
      yield* handle.sync
    }))
    yield* fs.rename(beside, target)
    yield* durableFolder.sync(fs, path.dirname(target))
  }
)
