import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer, Path, Redacted } from "effect"
import * as ArchiveStore from "../../src/upload/ArchiveStore.ts"
import { ObjectStore, StoreError } from "../../src/upload/ObjectStore.ts"
import * as ReplicatedStore from "../../src/upload/ReplicatedStore.ts"
import * as S3Store from "../../src/upload/S3Store.ts"
import { objectStoreSuite } from "./objectStoreSuite.ts"
import * as s3StandIn from "./s3StandIn.ts"

const archiveAndS3 = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = yield* fs.makeTempDirectoryScoped()
  const server = yield* s3StandIn.make()
  const archive = yield* Layer.build(ArchiveStore.layer({ folder }))
  const s3 = yield* Layer.build(S3Store.layer({
    region: "us-east-1",
    bucket: "market-data",
    endpoint: server.endpoint,
    forcePathStyle: true,
    credentials: {
      accessKeyId: Redacted.make(server.options.accessKey),
      secretAccessKey: Redacted.make(server.options.secretKey)
    }
  }))
  const archived = Effect.map(
    fs.readDirectory(folder, { recursive: true }),
    (names) => names.filter((name) => name.endsWith(".parquet"))
  )
  return {
    layer: Layer.succeed(
      ObjectStore,
      ReplicatedStore.make(Context.get(archive, ObjectStore), Context.get(s3, ObjectStore))
    ),
    /** A key counts where both have it or neither does. */
    keys: Effect.orDie(Effect.map(archived, (names) => {
      assert.deepStrictEqual(names, [...server.objects().keys()])
      return names
    })),
    read: (key: string) => Effect.sync(() => server.objects().get(key)?.body ?? assert.fail(`no ${key}`)),
    place: (key: string, bytes: Uint8Array) =>
      Effect.orDie(Effect.gen(function*() {
        server.place(key, bytes)
        yield* fs.makeDirectory(path.dirname(path.join(folder, key)), { recursive: true })
        yield* fs.writeFile(path.join(folder, key), bytes)
      }))
  }
}).pipe(Effect.orDie, Effect.provide(NodeServices.layer))

objectStoreSuite("archive and S3", archiveAndS3)

/** A store in memory that can be away, and counts what it is asked. */
const memory = () => {
  const self = { keys: new Set<string>(), away: false, asked: 0, sha256: "aa" }
  const store = ObjectStore.of({
    put: (key) =>
      Effect.suspend(() => {
        self.asked++
        if (self.away) return Effect.fail(new StoreError({ key, reason: "Unreachable", explanation: "it is away" }))
        self.keys.add(key)
        return Effect.succeed({ bytes: 1, sha256: self.sha256 })
      })
  })
  return { self, store }
}

describe("ReplicatedStore", () => {
  it.effect("has a file when both stores have it, whichever of them was away first", () =>
    Effect.gen(function*() {
      for (const first of ["near", "far"] as const) {
        const stores = { near: memory(), far: memory() }
        const both = ReplicatedStore.make(stores.near.store, stores.far.store)
        stores[first].self.away = true
        assert.strictEqual((yield* Effect.flip(both.put("k", "f"))).reason, "Unreachable")
        stores[first].self.away = false
        assert.strictEqual((yield* both.put("k", "f")).bytes, 1)
        assert.strictEqual(stores.near.self.keys.size + stores.far.self.keys.size, 2)
      }
    }))

  it.effect("does not count as stored what the two hold differently", () =>
    Effect.gen(function*() {
      const [near, far] = [memory(), memory()]
      far.self.sha256 = "bb"
      const error = yield* Effect.flip(ReplicatedStore.make(near.store, far.store).put("k", "f"))
      assert.strictEqual(error.reason, "Unproven")
    }))
})
