import { Effect, type FileSystem, Option, type Path, type PlatformError, Semaphore } from "effect"
import type { RowType, Series } from "../domain/Series.ts"
import * as durableFolder from "../runtime/durableFolder.ts"
import {
  type FileRows,
  memoryOf,
  namesOf,
  nothing,
  remember,
  type SealedFile,
  type SeriesMemory
} from "./SeriesMemory.ts"
import * as StateFile from "./StateFile.ts"

/** What is known of the sealed files of one series, on disk before a file that it tells of gets its final name. */
export interface MemoryKeeper {
  readonly memory: () => SeriesMemory
  /** Runs `seal`, while no other file of the series is sealed: each names the one before it. */
  readonly alone: <A, E, R>(seal: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Waits until the disk knows what counts as soon as `openName` has got its final name. `rows` is null where they could not be read. */
  readonly announce: (
    openName: string,
    file: SealedFile,
    rows: FileRows | null
  ) => Effect.Effect<void, PlatformError.PlatformError>
  /** Says that the announced file has got its final name. */
  readonly adopted: () => void
  /** Waits until the disk knows that `openName` will not get its final name. */
  readonly withdraw: (openName: string) => Effect.Effect<void, PlatformError.PlatformError>
  /** Whether the disk knows `openName` as a file that may have got its final name: no other may be called so. */
  readonly mentions: (openName: string) => boolean
  /** Whether a sealed file, here or not any more, is known to have the name of that millisecond. */
  readonly hasNamed: (millis: number) => boolean
  /** Whether the file that is sealed next has to say that one before it is lost. */
  readonly fileLost: () => boolean
  /** Waits until the disk knows that a file is lost which would have come next. Not while one is being sealed. */
  readonly loseFile: Effect.Effect<void, PlatformError.PlatformError>
}

/** The keepers of a data folder, one a series, made at the first call. */
export type MemoryKeepers = (series: Series) => Effect.Effect<MemoryKeeper, PlatformError.PlatformError>

/** What counts of `state` once it is certain that its last file has got its final name. */
const settled = (rowType: RowType, { known, sealing }: StateFile.State): StateFile.State =>
  sealing === null
    ? { known, sealing }
    : { known: remember(rowType, known, sealing.file, sealing.rows), sealing: null }

/** The same, where a file is lost that would have come next. */
export const withoutFile = (rowType: RowType, state: StateFile.State): StateFile.State => ({
  // The file that was sealed last has come before it, and would otherwise be taken for the one that has said so.
  known: { ...settled(rowType, state).known, fileLost: true },
  sealing: null
})

const makeKeeper = (
  series: Series,
  onDisk: StateFile.State,
  write: (state: StateFile.State) => Effect.Effect<void, PlatformError.PlatformError>
): MemoryKeeper => {
  const lock = Semaphore.makeUnsafe(1)
  // As text: the ids of a thousand series would be half a million strings.
  let text = JSON.stringify(settled(series.dataType, onDisk))
  const state = (): StateFile.State => JSON.parse(text)
  const mentioned = new Set(onDisk.sealing === null ? [] : [onDisk.sealing.openName])
  const persist = Effect.fnUntraced(function*(next: StateFile.State) {
    // A write that fails may have changed what the disk has all the same.
    if (next.sealing !== null) mentioned.add(next.sealing.openName)
    yield* write(next)
    mentioned.clear()
    if (next.sealing !== null) mentioned.add(next.sealing.openName)
    text = JSON.stringify(next)
  })
  return {
    memory: () => memoryOf(state().known),
    alone: (seal) => lock.withPermit(seal),
    announce: (openName, file, rows) =>
      Effect.suspend(() => persist({ known: state().known, sealing: { openName, file, rows } })),
    adopted: () => {
      text = JSON.stringify(settled(series.dataType, state()))
    },
    withdraw: (openName) =>
      Effect.suspend(() => mentioned.has(openName) ? persist({ known: state().known, sealing: null }) : Effect.void),
    mentions: (openName) => mentioned.has(openName),
    hasNamed: (millis) => namesOf(state().known).includes(millis),
    fileLost: () => state().known.fileLost === true,
    loseFile: Effect.suspend(() => persist(withoutFile(series.dataType, state())))
  }
}

/** The keepers of the data folder `dataDir`, in which recovery has put everything in order. */
export const make = (fs: FileSystem.FileSystem, path: Path.Path, dataDir: string): MemoryKeepers => {
  const folder = path.join(dataDir, StateFile.stateFolder)
  const keepers = new Map<string, MemoryKeeper>()

  const write = (series: Series) => (state: StateFile.State) =>
    StateFile.write(fs, folder, series.id, state).pipe(
      // Somebody removed the folder; the one above it is nobody's to make, for a disk may have been taken away.
      Effect.catchReason(
        "PlatformError",
        "NotFound",
        () =>
          fs.makeDirectory(folder).pipe(
            Effect.andThen(durableFolder.sync(fs, dataDir)),
            Effect.andThen(StateFile.write(fs, folder, series.id, state))
          )
      )
    )

  return Effect.fnUntraced(function*(series) {
    const known = keepers.get(series.id)
    if (known !== undefined) return known
    const found = yield* StateFile.read(fs, folder, series.id).pipe(
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeedNone)
    )
    const onDisk = Option.getOrElse(found, () => ({ known: nothing, sealing: null }))
    // Another may have come first meanwhile.
    const keeper = keepers.get(series.id) ?? makeKeeper(series, onDisk, write(series))
    keepers.set(series.id, keeper)
    return keeper
  })
}
