import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import {
  Clock,
  Effect,
  Exit,
  Fiber,
  FileSystem,
  Layer,
  Logger,
  Path,
  PlatformError,
  Queue,
  Runtime,
  Scope
} from "effect"
import { TestClock } from "effect/testing"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { stat } from "node:fs/promises"
import { believedMillis, claims, DataFolderLock, lockFolder, touchMillis } from "../../src/runtime/DataFolderLock.ts"
import * as ownProcess from "../../src/runtime/ownProcess.ts"

const acquire = (dataDir: string) => Layer.build(Layer.fresh(DataFolderLock.layer(dataDir)))

/** Lets virtual time pass no faster than the disk works, so that starters that met try again before a claim grows old. */
const patiently = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.raceFirst(
    self,
    TestClock.adjust("5 millis").pipe(
      Effect.andThen(Effect.promise(() => stat(import.meta.filename))),
      Effect.andThen(Effect.promise(() => new Promise(setImmediate))),
      Effect.repeat({ times: 10 }),
      Effect.andThen(Effect.promise(() => stat(import.meta.filename))),
      Effect.forever
    )
  )

type PartialClaim = Partial<ownProcess.ProcessIdentity> & { readonly folderInode?: string }

const folderWith = Effect.fnUntraced(function*(claim: PartialClaim | null, ageMillis = 0) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  // A file cannot have been touched before 1970.
  yield* TestClock.adjust("1 hour")
  const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
  const folder = path.join(dataDir, lockFolder)
  if (claim !== null) {
    yield* fs.makeDirectory(folder)
    const file = path.join(folder, "1-abc.json")
    yield* fs.writeFileString(file, JSON.stringify({ ...(yield* ownProcess.identity), ...claim }))
    const touched = new Date((yield* Effect.clockWith((clock) => clock.currentTimeMillis)) - ageMillis)
    yield* fs.utimes(file, touched, touched)
  }
  return { dataDir, held: Effect.map(fs.readDirectory(folder), (names) => names.length) }
})

/** What a full disk says. */
const noSpace = PlatformError.systemError({
  _tag: "Unknown",
  module: "FileSystem",
  method: "writeFile",
  cause: Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" })
})

/** The id of a process that has ended. */
const endedProcess = Effect.promise(async () => {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" })
  await once(child, "exit")
  return child.pid ?? 0
})

layer(NodeServices.layer)("the data folder", (it) => {
  it.effect("has one owner: a second is told which process it is", () =>
    Effect.gen(function*() {
      const { dataDir, held } = yield* folderWith(null)
      const scope = yield* Scope.make()
      yield* Scope.provide(acquire(dataDir), scope)
      const error = yield* Effect.flip(patiently(acquire(dataDir)))
      assert.strictEqual(error._tag, "DataFolderInUse")
      assert.include(error.message, `${dataDir} is in use by process ${process.pid} on`)
      assert.isAbove(error[Runtime.errorExitCode], 0)
      assert.strictEqual(yield* held, 1)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* held, 0)
      yield* acquire(dataDir)
    }))

  it.effect("is waited for while its owner is about to end", () =>
    Effect.gen(function*() {
      const { dataDir, held } = yield* folderWith(null)
      const scope = yield* Scope.make()
      yield* Scope.provide(acquire(dataDir), scope)
      const endsAt = (yield* Clock.currentTimeMillis) + 1200
      const ownerEnds = Effect.gen(function*() {
        yield* Effect.sleep(endsAt - (yield* Clock.currentTimeMillis))
        yield* Scope.close(scope, Exit.void)
        return yield* Effect.never
      })
      yield* patiently(Effect.raceFirst(acquire(dataDir), ownerEnds))
      assert.strictEqual(yield* held, 1)
    }))

  it.effect("is not taken for the one that it is a copy of", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { dataDir } = yield* folderWith(null)
      yield* acquire(dataDir)
      const copy = `${yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })}/copy`
      yield* fs.copy(dataDir, copy)
      yield* acquire(copy)
    }))

  it.effect("is taken by one of many that start at once over a dead owner's claim", () =>
    Effect.gen(function*() {
      const { dataDir, held } = yield* folderWith({ pid: yield* endedProcess, startTicks: "1" })
      const exits = yield* patiently(
        Effect.all(Array.from({ length: 8 }, () => Effect.exit(acquire(dataDir))), { concurrency: "unbounded" })
      )
      assert.isAtMost(exits.filter(Exit.isSuccess).length, 1)
      assert.isAtMost(yield* held, 2)
      if (!exits.some(Exit.isSuccess)) yield* patiently(acquire(dataDir))
      assert.strictEqual(yield* held, 1)
    }))

  describe("that somebody has claimed before", () => {
    const dead: ReadonlyArray<readonly [string, PartialClaim, number]> = [
      ["by a process that has ended", { pid: 2 ** 22 + 1 }, 0],
      ["by an earlier process of the same id", { startTicks: "1" }, 0],
      ["before the machine was started anew", { bootId: "another" }, 0],
      ["in another container that said nothing for long", { pidNamespace: "pid:[1]" }, believedMillis + 1],
      ["on another machine that said nothing for long", { host: "elsewhere" }, believedMillis + 1],
      ["by a process that works in the folder that this is a copy of", { folderInode: "1" }, 0]
    ]
    for (const [what, claim, age] of dead) {
      it.effect(`${what} is free`, () =>
        Effect.gen(function*() {
          const { dataDir, held } = yield* folderWith(claim, age)
          yield* acquire(dataDir)
          assert.strictEqual(yield* held, 1)
        }))
    }
    const alive: ReadonlyArray<readonly [string, PartialClaim]> = [
      ["by a process that runs", {}],
      ["in another container", { pidNamespace: "pid:[1]", pid: 1 }],
      ["on another machine", { host: "elsewhere", pid: 1 }],
      ["on another machine, which numbers folders in its own way", { host: "elsewhere", pid: 1, folderInode: "1" }]
    ]
    for (const [what, claim] of alive) {
      it.effect(`${what} is not`, () =>
        Effect.gen(function*() {
          const { dataDir } = yield* folderWith(claim)
          // A claim that is not renewed is believed for a while, and the attempts of a starter take less.
          const error = yield* Effect.flip(patiently(acquire(dataDir)))
          assert.strictEqual(error._tag, "DataFolderInUse")
        }))
    }
  })

  it.effect("of a machine with this one's name is free only where it was claimed before this one was started", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { dataDir } = yield* folderWith({ bootId: "another" }, 10_000)
      const bootedAgo = (seconds: number) =>
        Effect.gen(function*() {
          const bootedAt = Math.floor((yield* Clock.currentTimeMillis) / 1000) - seconds
          const here = FileSystem.FileSystem.of({
            ...fs,
            readFileString: (path, encoding) =>
              path === "/proc/stat"
                ? Effect.succeed(`cpu 1 2 3\nbtime ${bootedAt}\nprocesses 9\n`)
                : fs.readFileString(path, encoding)
          })
          return Effect.provideService(FileSystem.FileSystem, here)
        })
      const error = yield* Effect.flip(patiently((yield* bootedAgo(3600))(acquire(dataDir))))
      assert.strictEqual(error._tag, "DataFolderInUse")
      yield* (yield* bootedAgo(5))(acquire(dataDir))
    }))

  it.effect("stays claimed as long as its owner runs, and the owner learns when it is not", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { dataDir } = yield* folderWith(null)
      const context = yield* acquire(dataDir)
      const { lost } = yield* Effect.provideContext(DataFolderLock, context)
      const [claim] = yield* fs.readDirectory(`${dataDir}/${lockFolder}`)
      yield* TestClock.adjust(touchMillis)
      assert.isFalse((yield* claims(dataDir))[0]?.dead)
      yield* fs.remove(`${dataDir}/${lockFolder}/${claim}`)
      yield* TestClock.adjust(touchMillis)
      const error = yield* Effect.flip(lost)
      assert.match(error.message, /taken away/)
    }))

  it.effect("on a full disk that takes not even an empty file is waited for, and nothing is left of the attempts", () =>
    Effect.gen(function*() {
      const { dataDir, held } = yield* folderWith(null)
      const fs = yield* FileSystem.FileSystem
      const tried = yield* Queue.unbounded<void>()
      let full = true
      const disk = FileSystem.FileSystem.of({
        ...fs,
        writeFileString: (path, text, options) =>
          full
            ? Effect.andThen(text === "" ? Queue.offer(tried, undefined) : Effect.void, Effect.fail(noSpace))
            : fs.writeFileString(path, text, options)
      })
      const onDisk = Effect.provideService(FileSystem.FileSystem, disk)
      const error = yield* Effect.flip(onDisk(acquire(dataDir)))
      assert.match(error.message, /cannot be used: ENOSPC: no space left on device, write. Make room on its disk/)
      assert.strictEqual(yield* held, 0)

      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
      const scope = yield* Scope.make()
      const waiting = yield* Layer.buildWithScope(DataFolderLock.layerWhenThereIsRoom(dataDir), scope).pipe(
        onDisk,
        Effect.provide(logger),
        Effect.forkChild
      )
      yield* Queue.take(tried)
      yield* Queue.take(tried)
      const later = yield* Effect.forkChild(Effect.forever(patiently(Effect.never)))
      yield* Queue.take(tried)
      full = false
      yield* Fiber.join(waiting)
      yield* Fiber.interrupt(later)
      assert.strictEqual(yield* held, 1)
      assert.isAtLeast(lines.length, 2)
      assert.match(lines[0] ?? "", /nothing is recorded until there is room, it is tried again every 5 s/)
      yield* Scope.close(scope, Exit.void)

      full = true
      const stopped = yield* Effect.forkChild(
        onDisk(Layer.build(Layer.fresh(DataFolderLock.layerWhenThereIsRoom(dataDir))))
      )
      yield* Queue.take(tried)
      yield* Fiber.interrupt(stopped)
      assert.strictEqual(yield* held, 0)
    }))

  it.effect("on a full disk is claimed by an empty file, which says by whom once there is room", () =>
    Effect.gen(function*() {
      const { dataDir } = yield* folderWith(null)
      const fs = yield* FileSystem.FileSystem
      const renewed = yield* Queue.unbounded<void>()
      let full = true
      const disk = FileSystem.FileSystem.of({
        ...fs,
        // A full disk takes as much as it can.
        writeFileString: (path, text, options) =>
          full && text !== ""
            ? Effect.andThen(fs.writeFileString(path, text.slice(0, 9), options), Effect.fail(noSpace))
            : fs.writeFileString(path, text, options),
        utimes: (path, accessed, modified) =>
          Effect.tap(
            fs.utimes(path, accessed, modified),
            () => path.endsWith(".json") ? Queue.offer(renewed, undefined) : Effect.void
          )
      })
      yield* Effect.provideService(acquire(dataDir), FileSystem.FileSystem, disk)
      const owner = Effect.map(claims(dataDir), ([first]) => first)
      const touchedAt = Effect.gen(function*() {
        const { mtime } = yield* fs.stat((yield* owner)?.path ?? "")
        return mtime._tag === "Some" ? mtime.value.getTime() : 0
      })
      const claimedAt = yield* touchedAt
      assert.deepInclude(yield* owner, { host: "an unknown host", dead: false })
      assert.strictEqual((yield* Effect.flip(patiently(acquire(dataDir))))._tag, "DataFolderInUse")
      const later = yield* Effect.forkChild(Effect.forever(patiently(Effect.never)))
      yield* Queue.take(renewed)
      assert.isAbove(yield* touchedAt, claimedAt)
      assert.deepInclude(yield* owner, { host: "an unknown host", dead: false })
      full = false
      yield* Queue.take(renewed)
      yield* Fiber.interrupt(later)
      assert.deepInclude(yield* owner, { pid: process.pid, dead: false })
    }))

  it.effect("that cannot be written to is refused, with what to do", () =>
    Effect.gen(function*() {
      const { dataDir } = yield* folderWith(null)
      const fs = yield* FileSystem.FileSystem
      const readOnly = FileSystem.FileSystem.of({
        ...fs,
        makeDirectory: (path) =>
          Effect.fail(
            PlatformError.systemError({
              _tag: "PermissionDenied",
              module: "FileSystem",
              method: "mkdir",
              pathOrDescriptor: path
            })
          )
      })
      const error = yield* Effect.flip(Effect.provideService(acquire(dataDir), FileSystem.FileSystem, readOnly))
      assert.strictEqual(error._tag, "DataFolderUnusable")
      assert.match(error.message, /cannot be used: PermissionDenied.* Let this user read and write it, or set data_dir/)
      assert.strictEqual(error[Runtime.errorExitCode], 73)
    }))
})
