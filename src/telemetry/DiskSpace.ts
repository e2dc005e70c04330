import { Context, Effect, Layer, Path } from "effect"
import * as diskSpace from "../runtime/diskSpace.ts"

/** A folder whose disk the recorder needs. */
export interface WatchedFolder {
  /** What it is for: `data`, `archive` or `logs`. */
  readonly name: string
  readonly path: string
}

/** The room on the disk of a folder, in bytes; null where the system does not tell. */
export interface Space extends WatchedFolder {
  freeBytes: number | null
  totalBytes: number | null
}

const everyMillis = 10_000

/** How much room the disks have, looked at every ten seconds. */
export class DiskSpace extends Context.Service<DiskSpace, {
  readonly folders: ReadonlyArray<Readonly<Space>>
}>()("ticklake/DiskSpace") {
  static readonly layer = (folders: ReadonlyArray<WatchedFolder>) => Layer.effect(DiskSpace, make(folders))
}

const make = Effect.fnUntraced(function*(watched: ReadonlyArray<WatchedFolder>) {
  const path = yield* Path.Path
  const folders = watched.map((folder): Space => ({ ...folder, freeBytes: null, totalBytes: null }))
  const look = Effect.forEach(folders, (folder) =>
    Effect.map(measure(path, path.resolve(folder.path)), (found) => {
      folder.freeBytes = found?.freeBytes ?? null
      folder.totalBytes = found?.totalBytes ?? null
    }), { discard: true })
  yield* look
  yield* Effect.sleep(everyMillis).pipe(Effect.andThen(look), Effect.forever, Effect.forkScoped)
  return DiskSpace.of({ folders })
})

const measure = (path: Path.Path, folder: string): Effect.Effect<diskSpace.DiskSpace | null> =>
  Effect.orElseSucceed(diskSpace.measure(path, folder), () => null)
