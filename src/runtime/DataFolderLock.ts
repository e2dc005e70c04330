import {
  Clock,
  Context,
  Deferred,
  Effect,
  FileSystem,
  Layer,
  Path,
  type PlatformError,
  Random,
  Runtime,
  Schedule,
  Schema
} from "effect"
import * as Background from "./Background.ts"
import * as durableFolder from "./durableFolder.ts"
import { errorText } from "./errorText.ts"
import { monotonicMillis } from "./monotonic.ts"
import * as ownProcess from "./ownProcess.ts"

/** The folder of claims, inside the data folder. */
export const lockFolder = ".lock"

/** How often an owner says that it lives, and how long it is believed where its process cannot be asked. */
export const touchMillis = 5000
export const believedMillis = 20_000

/** So long it is tried again: starters that meet make way for each other, and an owner that was just killed takes a moment to end. */
const patienceMillis = 1500

/** How often it is tried again on a disk without room for a claim. */
const noRoomRetryMillis = 5000

const Claim = Schema.fromJsonString(Schema.Struct({
  host: Schema.String,
  pid: Schema.Int,
  startTicks: Schema.String,
  bootId: Schema.String,
  pidNamespace: Schema.String,
  /** The inode of the folder of claims that it was made in; a copy of a data folder has another. Claims of old have none. */
  folderInode: Schema.optionalKey(Schema.String)
}))
const decodeClaim = Schema.decodeEffect(Claim)
const encodeClaim = Schema.encodeEffect(Claim)

/** Another process records into the folder. */
export class DataFolderInUse extends Schema.TaggedError<DataFolderInUse>()("DataFolderInUse", {
  folder: Schema.String,
  host: Schema.String,
  pid: Schema.Int
}) {
  /** EX_TEMPFAIL of sysexits.h. */
  override readonly [Runtime.errorExitCode] = 75

  override get message() {
    return `${this.folder} is in use by process ${this.pid} on ${this.host}: stop it first, ` +
      "or give this one a data_dir of its own"
  }
}

/** The folder cannot be written to. */
export class DataFolderUnusable extends Schema.TaggedError<DataFolderUnusable>()("DataFolderUnusable", {
  folder: Schema.String,
  cause: Schema.Defect()
}) {
  /** EX_CANTCREAT of sysexits.h. */
  override readonly [Runtime.errorExitCode] = 73

  /** True where all that is wrong is that its disk is full. */
  get noRoom(): boolean {
    return isNoRoom(this.cause)
  }

  override get message() {
    // What the system itself said is plainer than what was made of it.
    const cause = this.cause instanceof Error && this.cause.cause instanceof Error ? this.cause.cause : this.cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    return `${this.folder} cannot be used: ${reason}. ${
      this.noRoom
        ? "Make room on its disk, or set data_dir to a folder on another"
        : "Let this user read and write it, or set data_dir to another folder"
    }`
  }
}

/** This process is no longer the owner of its data folder. */
export class DataFolderLost extends Schema.TaggedError<DataFolderLost>()("DataFolderLost", { folder: Schema.String }) {
  override get message() {
    return `the claim on ${this.folder} was taken away: the folder was removed, or another recorder took it while this process ` +
      "did not run; this one stops, so that two do not write there"
  }
}

/** The right to be the only one who writes below the data folder; given back when the scope closes. */
export class DataFolderLock extends Context.Service<DataFolderLock, {
  /** Never ends, unless the right is lost. */
  readonly lost: Effect.Effect<never, DataFolderLost>
}>()("ticklake/DataFolderLock") {
  /** Fails where the disk is full, as where it cannot be written to. */
  static readonly layer = (dataDir: string) => Layer.effect(DataFolderLock, acquire(dataDir))

  /** Tries for as long as the disk is full: there is room again one day. */
  static readonly layerWhenThereIsRoom = (dataDir: string) =>
    Layer.effect(
      DataFolderLock,
      acquire(dataDir).pipe(
        Effect.tapError((error) =>
          lacksRoom(error)
            ? Effect.logError(
              `${error.message}; nothing is recorded until there is room, it is tried again every ${
                noRoomRetryMillis / 1000
              } s`
            )
            : Effect.void
        ),
        Effect.retry({ while: lacksRoom, schedule: Schedule.spaced(noRoomRetryMillis) })
      )
    )
}

const isNoRoom = (cause: unknown): boolean => {
  for (let each = cause; each instanceof Error; each = each.cause) {
    if ("code" in each && (each.code === "ENOSPC" || each.code === "EDQUOT")) return true
  }
  return false
}

const lacksRoom = (error: DataFolderInUse | DataFolderUnusable): boolean =>
  error._tag === "DataFolderUnusable" && error.noRoom

interface Owner {
  readonly path: string
  readonly host: string
  readonly pid: number
  readonly dead: boolean
}

/** Every claim on `dataDir` but `own`, and whether whoever made it is gone. Reads only. */
export const claims = Effect.fnUntraced(function*(dataDir: string, own: string | null = null) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const self = yield* ownProcess.identity
  const folder = path.join(dataDir, lockFolder)
  const names = yield* fs.readDirectory(folder).pipe(
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([]))
  )
  const now = yield* Clock.currentTimeMillis
  const inode = yield* inodeOf(fs, folder)
  const readOwner = Effect.fnUntraced(function*(name: string) {
    const claimPath = path.join(folder, name)
    const claim = yield* Effect.option(Effect.flatMap(fs.readFileString(claimPath), decodeClaim))
    const { mtime } = yield* fs.stat(claimPath)
    const touchedAt = mtime._tag === "Some" ? mtime.value.getTime() : now
    const life = claim._tag === "Some" ? yield* ownProcess.lifeOf(self, claim.value, touchedAt) : "unknown"
    // Whoever runs on this machine works in the folder that this one was copied from. Of another machine's inodes we know nothing.
    const copied = claim._tag === "Some" && life === "alive" && claim.value.folderInode !== undefined &&
      claim.value.folderInode !== inode
    const owner: Owner = {
      path: claimPath,
      host: claim._tag === "Some" ? claim.value.host : "an unknown host",
      pid: claim._tag === "Some" ? claim.value.pid : 0,
      dead: copied || life === "dead" || (life === "unknown" && now - touchedAt > believedMillis)
    }
    return owner
  })
  const owners: Array<Owner> = []
  for (const name of names) {
    if (!name.endsWith(".json") || name === own) continue
    const owner = yield* readOwner(name).pipe(
      // Given back between the two looks.
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed(null))
    )
    if (owner !== null) owners.push(owner)
  }
  return owners
})

/**
 * Every starter puts down a claim of its own and then looks for others: of two, whoever looks second sees the first. So a
 * dead owner's claim is nobody's to take over, and no two starters can both take it.
 */
const acquire = Effect.fnUntraced(function*(dataDir: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = path.join(dataDir, lockFolder)
  const unusable = (cause: PlatformError.PlatformError) => new DataFolderUnusable({ folder: dataDir, cause })
  yield* Effect.mapError(durableFolder.ensure(fs, path, folder), unusable)
  const identity = yield* ownProcess.identity
  const claim = yield* Effect.orDie(encodeClaim({ ...identity, folderInode: yield* inodeOf(fs, folder) }))
  const lost = yield* Deferred.make<never, DataFolderLost>()

  const attempt = Effect.fnUntraced(function*() {
    const name = `${process.pid}-${(yield* Random.nextIntBetween(0, 2 ** 31)).toString(16)}.json`
    const own = path.join(folder, name)
    const remove = Effect.ignore(fs.remove(own))
    return yield* Effect.gen(function*() {
      const isWhole = yield* putDown(fs, own, claim)
      const others = yield* claims(dataDir, name)
      const alive = others.find(({ dead }) => !dead)
      if (alive !== undefined) return yield* new DataFolderInUse({ folder: dataDir, host: alive.host, pid: alive.pid })
      for (const other of others) yield* Effect.ignore(fs.remove(other.path))
      return { own, isWhole }
    }).pipe(
      Effect.onError(() => remove),
      Effect.catchTag("PlatformError", (cause) => Effect.fail(unusable(cause)))
    )
  })

  const claimFolder = Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const until = monotonicMillis(clock) + patienceMillis
    while (true) {
      const outcome = yield* Effect.result(attempt())
      if (outcome._tag === "Success") return outcome.success
      if (outcome.failure._tag !== "DataFolderInUse" || monotonicMillis(clock) >= until) return yield* outcome.failure
      yield* Effect.sleep(yield* Random.nextIntBetween(10, 200))
    }
  })

  const { isWhole, own } = yield* Effect.acquireRelease(
    claimFolder,
    (claimed) => Effect.ignore(fs.remove(claimed.own)),
    { interruptible: true }
  )
  let whole = isWhole
  if (!whole) {
    yield* Effect.logWarning(
      `${dataDir} is claimed, but its disk has no room for who claims it: until there is, another recorder is told of an unknown owner`
    )
  }
  const keep = Effect.gen(function*() {
    if (!(yield* fs.exists(own))) {
      yield* Deferred.fail(lost, new DataFolderLost({ folder: dataDir }))
      return
    }
    // Into the file that is there, not in place of it: a claim that was taken away stays away.
    if (!whole) whole = yield* withinRoom(fs.writeFileString(own, claim, { flag: "r+" }))
    const now = new Date(yield* Clock.currentTimeMillis)
    yield* fs.utimes(own, now, now)
  }).pipe(Effect.catch((error) =>
    Effect.logWarning(
      `the claim on ${dataDir} could not be renewed: ${
        errorText(error)
      }; recording goes on and it is tried again every ` +
        `${touchMillis / 1000} s, but a recorder on another machine may take the folder meanwhile`
    )
  ))
  yield* Background.forkRepeated(`the renewal of the claim on ${dataDir}`, Effect.delay(keep, touchMillis))
  return DataFolderLock.of({ lost: Deferred.await(lost) })
})

/**
 * Puts a claim down, with the time of the clock that judges it, and answers whether it is whole. On a full disk it is empty: what frees
 * the disk begins only behind the claim, and one that cannot be read is believed by its age.
 */
const putDown = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, own: string, claim: string) {
  const now = new Date(yield* Clock.currentTimeMillis)
  return yield* Effect.gen(function*() {
    const isWhole = yield* withinRoom(fs.writeFileString(`${own}.new`, claim))
    if (!isWhole) yield* fs.writeFileString(`${own}.new`, "")
    yield* fs.utimes(`${own}.new`, now, now)
    yield* fs.rename(`${own}.new`, own)
    return isWhole
  }).pipe(Effect.onError(() => Effect.ignore(fs.remove(`${own}.new`))))
})

/** False where the disk has no room for it. */
const withinRoom = (write: Effect.Effect<void, PlatformError.PlatformError>) =>
  write.pipe(
    Effect.as(true),
    Effect.catchIf(isNoRoom, () => Effect.succeed(false))
  )

/** Tells a folder from its copies; empty where the file system has no inodes. */
const inodeOf = (fs: FileSystem.FileSystem, folder: string): Effect.Effect<string> =>
  fs.stat(folder).pipe(
    Effect.map(({ ino }) => ino._tag === "Some" ? String(ino.value) : ""),
    Effect.orElseSucceed(() => "")
  )
