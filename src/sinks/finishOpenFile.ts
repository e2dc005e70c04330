import { Effect, type FileSystem, type Path } from "effect"
import { createHash } from "node:crypto"
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Series } from "../domain/Series.ts"
import * as durableFolder from "../runtime/durableFolder.ts"
import { metadataOf } from "./certificate.ts"
import * as CheckpointLog from "./CheckpointLog.ts"
import * as checkpointRecord from "./checkpointRecord.ts"
import { contentsOrNone } from "./fileContents.ts"
import { footer, header } from "./fileFormat.ts"
import * as fileNames from "./fileNames.ts"
import type { MemoryKeepers } from "./MemoryKeeper.ts"
import { type Moved, rewritten, type Unfinished } from "./openFolderSurvey.ts"
import { readExactly } from "./readExactly.ts"
import type { SealedFolder } from "./SealedFolder.ts"

/** What recovery finishes files with. */
export interface Finishing {
  readonly fs: FileSystem.FileSystem
  readonly path: Path.Path
  readonly sealed: SealedFolder
  readonly keepers: MemoryKeepers
  readonly ruleOf: (series: Series) => ContinuityRule | null
}

/** Completes an open file with its whole row groups and seals it; its checkpoints stay. Answers the path and the rows. */
export const finishOpenFile = Effect.fnUntraced(function*(
  { fs, keepers, path, ruleOf, sealed }: Finishing,
  file: Unfinished
) {
  const { firstMillis, homeServerName, series } = file.about
  const folder = yield* Effect.fromResult(fileNames.sealedFolder(series, homeServerName))
  const memory = yield* keepers(series)
  // Ended before it is sealed, the next start would take what is left of it for whole.
  if (file.lost) yield* memory.loseFile
  const groups = file.groups.map(({ metadata }) => metadata)
  const end = Math.max(...file.groups.map(({ to }) => to))
  const { contents, sha256 } = yield* Effect.scoped(Effect.gen(function*() {
    const handle = yield* fs.open(file.path, { flag: "r+" })
    yield* handle.truncate(end)
    yield* handle.seek(0n, "start")
    yield* handle.writeAll(header)
    const read = (from: number, length: number) => readExactly(handle, from, length)
    const contents = yield* contentsOrNone(file.path, { bytes: end, read }, series.dataType, groups, null)
    const last = footer(
      series.dataType,
      groups,
      metadataOf({
        series,
        homeServerName,
        rule: ruleOf(series),
        groups,
        ends: contents?.ends ?? null,
        counted: null,
        damage: file.lost ? "row_groups" : memory.fileLost() ? "file_before" : null,
        finishedBy: "recovery",
        previous: memory.memory().previousFile
      })
    )
    yield* handle.seek(BigInt(end), "start")
    yield* handle.writeAll(last)
    yield* handle.sync
    return { contents, sha256: yield* sha256Of(end + last.length, read) }
  }))
  const relativePath = yield* sealed.adopt(
    file.path,
    folder,
    firstMillis,
    memory.hasNamed,
    (relativePath) =>
      Effect.andThen(
        memory.announce(path.basename(file.path), { path: relativePath, sha256 }, contents?.rows ?? null),
        announce(fs, path, file)
      )
  )
  memory.adopted()
  yield* sealed.persist(relativePath)
  return { relativePath, rows: groups.reduce((sum, group) => sum + group.rows, 0) }
})

const pieceBytes = 1024 * 1024

const sha256Of = Effect.fnUntraced(function*<E>(
  bytes: number,
  read: (from: number, length: number) => Effect.Effect<Buffer, E>
): Effect.fn.Return<string, E> {
  const hash = createHash("sha256")
  for (let from = 0; from < bytes; from += pieceBytes) {
    hash.update(yield* read(from, Math.min(pieceBytes, bytes - from)))
  }
  return hash.digest("hex")
})

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
