import { Context, Effect, Fiber, Layer, Option, Path } from "effect"
import * as Background from "../runtime/Background.ts"
import * as diskSpace from "../runtime/diskSpace.ts"

/** A folder whose disk the recorder needs. */
export interface WatchedFolder {
  /** What it is for: `data`, `archive` or `logs`. */
  readonly name: string
  readonly path: string
}

/** The room on the disk of a folder, in bytes; null where the system does not tell, or not in time. */
export interface Space extends WatchedFolder {
  freeBytes: number | null
  totalBytes: number | null
}

const everyMillis = 10_000
/** How long a disk may take to answer before its room is told as unknown. */
const answerWithin = "2 seconds"

type Room = Pick<diskSpace.DiskSpace, "freeBytes" | "totalBytes">

/** Asks for the room on the disk of a folder; null where the system does not tell. */
export type Ask = (path: Path.Path, folder: string) => Effect.Effect<Room | null>

/** How much room the disks have, looked at every ten seconds. */
export class DiskSpace extends Context.Service<DiskSpace, {
  readonly folders: ReadonlyArray<Readonly<Space>>
}>()("ticklake/DiskSpace") {
  /** `ask` answers what the disk of a folder has. */
  static readonly layer = (folders: ReadonlyArray<WatchedFolder>, ask: Ask = measure) =>
    Layer.effect(DiskSpace, make(folders, ask))
}

const make = Effect.fnUntraced(function*(watched: ReadonlyArray<WatchedFolder>, ask: Ask) {
  const path = yield* Path.Path
  const folders = watched.map((folder): Space => ({ ...folder, freeBytes: null, totalBytes: null }))
  for (const folder of folders) {
    let asked: Fiber.Fiber<Room | null> | null = null
    const look = Effect.gen(function*() {
      // Not asked twice at a time, for each question that a dead disk never answers keeps one of Node's few threads; and not
      // bound to the scope, which would wait for the answer.
      asked ??= yield* Effect.forkDetach(ask(path, path.resolve(folder.path)))
      const answer = yield* Effect.timeoutOption(Fiber.await(asked), answerWithin)
      let room: Room | null = null
      if (Option.isSome(answer)) {
        asked = null
        room = yield* answer.value
      }
      folder.freeBytes = room?.freeBytes ?? null
      folder.totalBytes = room?.totalBytes ?? null
    })
    yield* Background.forkRepeated(
      `the look at the disk of ${folder.path}`,
      Effect.andThen(look, Effect.sleep(everyMillis))
    )
  }
  return DiskSpace.of({ folders })
})

const measure: Ask = (path, folder) => Effect.orElseSucceed(diskSpace.measure(path, folder), () => null)
