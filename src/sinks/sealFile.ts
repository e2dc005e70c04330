import { Effect, type FileSystem, type Path, type Semaphore } from "effect"
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import { since } from "../domain/GapIds.ts"
import type { FeedStats } from "../telemetry/Telemetry.ts"
import { metadataOf } from "./certificate.ts"
import type { OpenFileSettings } from "./createOpenFile.ts"
import { contentsOrNone } from "./fileContents.ts"
import type * as ParquetFile from "./ParquetFile.ts"
import { standing } from "./removedFile.ts"
import type { SealedFolder } from "./SealedFolder.ts"
import type { PendingFile } from "./SeriesBuffer.ts"

/** What a sealed file says of its series, and where it goes. */
export interface SealSettings extends OpenFileSettings {
  /** Folder of the series' sealed files, relative to the data folder. */
  readonly folder: string
  readonly sealed: SealedFolder
  /** Shared by all sinks: how many may seal at a time. */
  readonly sealing: Semaphore.Semaphore
  readonly rule: ContinuityRule | null
  /** What is counted of the feed; null for series that come from no venue, and for rows of an earlier process. */
  readonly counts: Pick<FeedStats, "sequence" | "newestGap"> | null
  readonly finishedBy: "recorder" | "recovery"
}

/** Seals the files of one sink, one at a time. */
export const makeSealing = (fs: FileSystem.FileSystem, path: Path.Path, settings: SealSettings) => {
  const { counts, memory, sealed, series } = settings
  const counted = () => ({
    gaps: counts?.sequence.gaps ?? 0,
    duplicates: counts?.sequence.duplicates ?? 0,
    newestGap: counts?.newestGap ?? null
  })
  // What was counted belongs to the file that is sealed next.
  let told = counted()

  const adopt = Effect.fnUntraced(function*(pending: PendingFile, file: ParquetFile.ParquetFile) {
    const groups = (yield* file.groups).map(({ metadata }) => metadata)
    const contents = yield* contentsOrNone(file.path, file.source(), series.dataType, groups, file.highestId)
    const now = counted()
    const { homeServerName, rule } = settings
    yield* standing(fs, file.path)
    const sha256 = yield* file.finish(
      groups,
      metadataOf({
        series,
        homeServerName,
        rule,
        groups,
        ends: contents?.ends ?? null,
        counted: counts === null ? null : {
          gaps: now.gaps - told.gaps,
          duplicates: now.duplicates - told.duplicates,
          // Of files that waited for the disk together, the first is sealed after the gaps of them all.
          newGaps: since([told.newestGap, pending.gapBefore], now.newestGap)
        },
        damage: memory.fileLost() ? "file_before" : null,
        finishedBy: settings.finishedBy,
        previous: memory.memory().previousFile
      })
    )
    const announce = (relativePath: string) =>
      memory.announce(path.basename(file.path), { path: relativePath, sha256 }, contents?.rows ?? null).pipe(
        // That it gets its final name, said of a file that is gone, would make of it one that was stored.
        Effect.andThen(standing(fs, file.path)),
        Effect.andThen(file.announce)
      )
    const relativePath = yield* sealed.adopt(file.path, settings.folder, pending.firstMillis, memory.hasNamed, announce)
      .pipe(
        Effect.tapError(() => standing(fs, file.path))
      )
    memory.adopted()
    told = now
    return relativePath
  })

  return Effect.fnUntraced(function*(pending: PendingFile, file: ParquetFile.ParquetFile) {
    pending.sealedAs ??= yield* settings.sealing.withPermit(memory.alone(adopt(pending, file)))
    yield* sealed.persist(pending.sealedAs)
    return pending.sealedAs
  })
}
