import { NodeFileSystem, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, FileSystem, Latch, Layer, Path } from "effect"
import { existsSync, statSync } from "node:fs"
import * as ArchiveStore from "../../src/upload/ArchiveStore.ts"
import { ObjectStore } from "../../src/upload/ObjectStore.ts"
import * as faultyFileSystem from "../sinks/faultyFileSystem.ts"
import { objectStoreSuite } from "./objectStoreSuite.ts"

const archive = (fileSystem: Layer.Layer<FileSystem.FileSystem>, parent?: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* fs.makeTempDirectoryScoped(parent === undefined ? {} : { directory: parent })
    return {
      layer: ArchiveStore.layer({ folder }).pipe(Layer.provide(fileSystem), Layer.provide(NodeServices.layer)),
      keys: fs.readDirectory(folder, { recursive: true }).pipe(
        // Also what an attempt has left beside its target.
        Effect.map((names) => names.filter((name) => statSync(path.join(folder, name)).isFile())),
        Effect.orDie
      ),
      read: (key: string) => Effect.orDie(fs.readFile(path.join(folder, key))),
      place: (key: string, bytes: Uint8Array) =>
        Effect.orDie(
          Effect.andThen(
            fs.makeDirectory(path.dirname(path.join(folder, key)), { recursive: true }),
            fs.writeFile(path.join(folder, key), bytes)
          )
        )
    }
  }).pipe(Effect.orDie, Effect.provide(NodeServices.layer))

/** A file system without hard links, as many network and removable ones are. */
const withoutLinks = () => {
  const faults = faultyFileSystem.make()
  faults.failing.add("link")
  return faultyFileSystem.layer(faults)
}

objectStoreSuite("an archive on the same file system", archive(NodeFileSystem.layer))
objectStoreSuite("an archive without links", Effect.suspend(() => archive(withoutLinks())))

const otherFileSystem = "/dev/shm"
if (existsSync(otherFileSystem)) {
  objectStoreSuite("an archive on another file system", archive(NodeFileSystem.layer, otherFileSystem))
}

describe("ArchiveStore", () => {
  const key = "okx/btcusdt/orderbook/2026-03-14/1.parquet"

  /** A data folder with one sealed file of 1,000 bytes, and an archive on a file system that fails on demand. */
  const setUp = Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* fs.makeTempDirectoryScoped()
    const localPath = path.join(folder, "data", key)
    yield* fs.makeDirectory(path.dirname(localPath), { recursive: true })
    yield* fs.writeFile(localPath, new Uint8Array(1000).fill(7))
    const faults = faultyFileSystem.make()
    const put = (to: string) =>
      Effect.flatMap(ObjectStore, (store) => store.put(key, localPath)).pipe(
        Effect.provide(
          ArchiveStore.layer({ folder: path.join(folder, to) }).pipe(Layer.provide(faultyFileSystem.layer(faults)))
        )
      )
    return { fs, path, folder, localPath, faults, put }
  })

  it.effect("refuses the data folder itself, by whatever way it is reached, so that nothing is removed from it", () =>
    Effect.gen(function*() {
      const { fs, path, folder, put } = yield* setUp
      yield* fs.symlink(path.join(folder, "data"), path.join(folder, "alias"))
      for (const to of ["data", "alias"]) {
        const error = yield* Effect.flip(put(to))
        assert.isFalse(error.retryable)
        assert.include(error.message, "local_path")
      }
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("ends what an earlier attempt began: a link without the removal, a copy without its name", () =>
    Effect.gen(function*() {
      const { fs, path, folder, localPath, put, faults } = yield* setUp
      const target = path.join(folder, "archive", key)
      yield* put("archive")
      assert.strictEqual((yield* put("archive")).bytes, 1000)
      yield* fs.remove(target)
      for (const left of [".1.parquet.part", ".1.parquet.77-abc.part"]) {
        yield* fs.writeFile(path.join(path.dirname(target), left), new Uint8Array(5000))
      }
      faults.failing.add("link")
      assert.strictEqual((yield* put("archive")).bytes, 1000)
      assert.deepStrictEqual(yield* fs.readDirectory(path.dirname(target)), ["1.parquet"])
      assert.isTrue(yield* fs.exists(localPath))
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("gives nothing a final name before all of it is there: a full disk is told and tried again", () =>
    Effect.gen(function*() {
      const { fs, path, folder, put, faults } = yield* setUp
      faults.failing.add("link")
      faults.roomBytes = 600
      const error = yield* Effect.flip(put("archive"))
      assert.isTrue(error.retryable)
      assert.include(error.message, "ENOSPC")
      assert.isFalse(yield* fs.exists(path.join(folder, "archive", key)))
      faults.roomBytes = Infinity
      assert.strictEqual((yield* put("archive")).bytes, 1000)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("takes nothing for stored that the disk has not confirmed", () =>
    Effect.gen(function*() {
      const { put, faults } = yield* setUp
      faults.failing.add("sync")
      assert.isTrue((yield* Effect.flip(put("archive"))).retryable)
      faults.failing.add("link")
      assert.isTrue((yield* Effect.flip(put("other"))).retryable)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("the disk has all of a copy before it has its name, and its name before it counts as stored", () =>
    Effect.gen(function*() {
      const { path, folder, put, faults } = yield* setUp
      const target = path.join(folder, "archive", key)
      const parent = path.dirname(target)
      faults.failing.add("link")
      yield* put("archive")
      const steps = faults.done.slice(-4).map((step) => step.replace(/\.1\.parquet\.\d+-[0-9a-f]+\.part$/, "copy"))
      assert.deepStrictEqual(steps, [
        `write ${parent}/copy`,
        `sync ${parent}/copy`,
        `rename ${target}`,
        `sync ${parent}`
      ])
      faults.failing.clear()
      yield* put("linked")
      const linked = path.join(folder, "linked", key)
      assert.deepStrictEqual(faults.done.slice(-2), [`link ${linked}`, `sync ${path.dirname(linked)}`])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("makes all folders above the archive that are missing", () =>
    Effect.gen(function*() {
      const { fs, folder, put } = yield* setUp
      assert.strictEqual((yield* put("not/there/yet")).bytes, 1000)
      assert.isTrue(yield* fs.exists(`${folder}/not/there/yet/${key}`))
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("the disk knows every folder above a file, and the file, also where an earlier attempt has made them", () =>
    Effect.gen(function*() {
      const { fs, path, folder, put, faults } = yield* setUp
      const target = path.join(folder, "archive", key)
      yield* fs.makeDirectory(path.dirname(target), { recursive: true })
      yield* put("archive")
      for (let at = path.dirname(target); at !== folder; at = path.dirname(at)) {
        assert.include(faults.done, `sync ${path.dirname(at)}`)
      }
      faults.done.length = 0
      yield* put("archive")
      assert.include(faults.done, `sync ${target}`)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("makes folders anew that somebody removed", () =>
    Effect.gen(function*() {
      const { fs, path, folder, localPath, faults } = yield* setUp
      const other = `${localPath}.2`
      yield* fs.writeFile(other, new Uint8Array(2000).fill(8))
      yield* Effect.gen(function*() {
        const store = yield* ObjectStore
        yield* store.put(key, localPath)
        yield* fs.remove(path.join(folder, "archive", "okx"), { recursive: true })
        const second = key.replace("1.parquet", "2.parquet")
        yield* Effect.retry(store.put(second, other), { times: 1 })
        assert.isTrue(yield* fs.exists(path.join(folder, "archive", second)))
      }).pipe(
        Effect.provide(
          ArchiveStore.layer({ folder: path.join(folder, "archive") }).pipe(
            Layer.provide(faultyFileSystem.layer(faults))
          )
        )
      )
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("has a file, not the link to one that stands in its place", () =>
    Effect.gen(function*() {
      const { fs, path, folder, localPath, put } = yield* setUp
      const elsewhere = path.join(folder, "elsewhere")
      yield* fs.rename(localPath, elsewhere)
      yield* fs.symlink(elsewhere, localPath)
      yield* put("archive")
      yield* fs.remove(elsewhere)
      assert.lengthOf(yield* fs.readFile(path.join(folder, "archive", key)), 1000)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("of two recorders with a file of one name, without links, keeps one and tells the other", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* fs.makeTempDirectoryScoped()
      const [one, two] = ["one", "two"].map((name) => path.join(folder, name)) as [string, string]
      yield* Effect.forEach([one, two], (file) => fs.writeFileString(file, `rows of ${file}`))
      const written = yield* Latch.make(false)
      const goOn = yield* Latch.make(false)
      const recorder = (file: string, faults: faultyFileSystem.Faults) => {
        faults.refusedLinks = (from) => from === file
        return Effect.flatMap(ObjectStore, (store) => store.put(key, file)).pipe(
          Effect.provide(
            ArchiveStore.layer({ folder: path.join(folder, "archive") }).pipe(
              Layer.provide(Layer.fresh(faultyFileSystem.layer(faults)))
            )
          ),
          Effect.exit
        )
      }
      const slow = faultyFileSystem.make()
      slow.beforeLink = Effect.andThen(written.open, goOn.await)
      const first = yield* Effect.forkChild(recorder(one, slow))
      yield* written.await
      const other = faultyFileSystem.make()
      // It has begun its copy when the first one gives its own the final name.
      other.beforeWrite = Effect.andThen(goOn.open, Effect.asVoid(Fiber.await(first)))
      const second = yield* recorder(two, other)
      const outcomes = [yield* Fiber.join(first), second].map((exit) => exit._tag)
      const kept = yield* fs.readFileString(path.join(folder, "archive", key))
      assert.sameMembers(outcomes, ["Success", "Failure"])
      assert.strictEqual(kept, `rows of ${outcomes[0] === "Success" ? one : two}`)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("copies one file at a time, so that two of one key do not write into each other", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* fs.makeTempDirectoryScoped()
      const faults = faultyFileSystem.make()
      faults.failing.add("link")
      const disk = yield* Latch.make(false)
      const writing = yield* Deferred.make<void>()
      faults.beforeWrite = Effect.andThen(Deferred.succeed(writing, undefined), disk.await)
      const files = ["one", "two"].map((name) => path.join(folder, name))
      yield* Effect.forEach(files, (file) => fs.writeFileString(file, `rows of ${file}`))
      const outcomes = yield* Effect.flatMap(ObjectStore, (store) =>
        Effect.gen(function*() {
          const first = yield* Effect.forkChild(Effect.exit(store.put(key, files[0] ?? "")))
          yield* Deferred.await(writing)
          const second = yield* Effect.forkChild(Effect.exit(store.put(key, files[1] ?? "")), {
            startImmediately: true
          })
          yield* disk.open
          return [yield* Fiber.join(first), yield* Fiber.join(second)].map((exit) => exit._tag)
        })).pipe(
          Effect.provide(
            ArchiveStore.layer({ folder: path.join(folder, "archive") }).pipe(
              Layer.provide(faultyFileSystem.layer(faults))
            )
          )
        )
      assert.deepStrictEqual(outcomes, ["Success", "Failure"])
      assert.strictEqual(yield* fs.readFileString(path.join(folder, "archive", key)), `rows of ${files[0]}`)
    }).pipe(Effect.provide(NodeServices.layer)))
})
