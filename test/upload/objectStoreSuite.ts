import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, FileSystem, type Layer, Option, Path, type Scope } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { ObjectStore } from "../../src/upload/ObjectStore.ts"

/** One store, empty, and a look into it from behind. */
export interface Subject {
  readonly layer: Layer.Layer<ObjectStore>
  /** Every key it holds. */
  readonly keys: Effect.Effect<ReadonlyArray<string>>
  readonly read: (key: string) => Effect.Effect<Uint8Array>
  /** Puts `bytes` there by another way than the store. */
  readonly place: (key: string, bytes: Uint8Array) => Effect.Effect<void>
}

const key = "binance/btcusdt/trade/2026-03-14/1773482400000.parquet"

/** What every implementation of `ObjectStore` promises. */
export const objectStoreSuite = (
  name: string,
  makeSubject: Effect.Effect<Subject, never, Scope.Scope>,
  sizes: ReadonlyArray<number> = [1, 1000, 3 * 1024 * 1024 + 1]
) => {
  const withStore = <E>(
    test: (context: {
      readonly subject: Subject
      readonly put: ObjectStore["Service"]["put"]
      readonly localFile: (bytes: Uint8Array) => Effect.Effect<string>
    }) => Effect.Effect<void, E, FileSystem.FileSystem>
  ) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* fs.makeTempDirectoryScoped()
      const subject = yield* makeSubject
      const localFile = (bytes: Uint8Array) => {
        const local = path.join(folder, "sealed.parquet")
        return Effect.as(Effect.orDie(fs.writeFile(local, bytes)), local)
      }
      yield* Effect.flatMap(ObjectStore, ({ put }) => test({ subject, put, localFile })).pipe(
        Effect.provide(subject.layer)
      )
    }).pipe(Effect.provide(NodeServices.layer))

  describe(`${name}: the contract of an object store`, () => {
    it.effect.each(sizes)(
      "stores %d bytes under the key and proves them",
      (size) =>
        withStore(({ subject, put, localFile }) =>
          Effect.gen(function*() {
            const bytes = randomBytes(size)
            const stored = yield* put(key, yield* localFile(bytes))
            assert.deepStrictEqual(stored, { bytes: size, sha256: createHash("sha256").update(bytes).digest("hex") })
            assert.isTrue(bytes.equals(yield* subject.read(key)))
            assert.deepStrictEqual(yield* subject.keys, [key])
          })
        )
    )

    it.effect("leaves the local file alone", () =>
      withStore(({ put, localFile }) =>
        Effect.gen(function*() {
          const bytes = randomBytes(100)
          const local = yield* localFile(bytes)
          yield* put(key, local)
          assert.isTrue(bytes.equals(yield* (yield* FileSystem.FileSystem).readFile(local)))
        })
      ))

    it.effect("may be repeated", () =>
      withStore(({ subject, put, localFile }) =>
        Effect.gen(function*() {
          const local = yield* localFile(randomBytes(5000))
          assert.deepStrictEqual(yield* put(key, local), yield* put(key, local))
          assert.deepStrictEqual(yield* subject.keys, [key])
        })
      ))

    it.effect("takes what is there and equal for stored", () =>
      withStore(({ subject, put, localFile }) =>
        Effect.gen(function*() {
          const bytes = randomBytes(5000)
          yield* subject.place(key, bytes)
          assert.strictEqual((yield* put(key, yield* localFile(bytes))).bytes, 5000)
          assert.deepStrictEqual(yield* subject.keys, [key])
        })
      ))

    it.effect.each([5000, 4999])(
      "never overwrites what is there and different, %d bytes of 5000",
      (size) =>
        withStore(({ subject, put, localFile }) =>
          Effect.gen(function*() {
            const there = randomBytes(size)
            yield* subject.place(key, there)
            const error = yield* Effect.flip(put(key, yield* localFile(randomBytes(5000))))
            assert.deepInclude({ ...error }, { _tag: "StoreError", key, reason: "Conflict" })
            assert.include(error.message, key)
            assert.isTrue(there.equals(yield* subject.read(key)))
          })
        )
    )

    it.effect("stores one of two different files that are put under one key at once", () =>
      withStore(({ subject, put, localFile }) =>
        Effect.gen(function*() {
          const [one, other] = [randomBytes(200_000), randomBytes(200_000)]
          const local = yield* localFile(one)
          const second = `${local}.second`
          yield* (yield* FileSystem.FileSystem).writeFile(second, other)
          const results = yield* Effect.all([Effect.exit(put(key, local)), Effect.exit(put(key, second))], {
            concurrency: "unbounded"
          })
          const held = yield* subject.read(key)
          assert.strictEqual(results.filter((exit) => exit._tag === "Success").length, 1)
          const refused = results.flatMap((exit) => Exit.isFailure(exit) ? [Cause.findErrorOption(exit.cause)] : [])
          assert.strictEqual(Option.getOrThrow(refused[0] ?? Option.none()).reason, "Conflict")
          assert.isTrue((results[0]._tag === "Success" ? one : other).equals(held))
        })
      ))

    it.effect("fails where there is no local file, and stores nothing", () =>
      withStore(({ subject, put, localFile }) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(put(key, `${yield* localFile(randomBytes(1))}.gone`))
          assert.strictEqual(error._tag, "StoreError")
          assert.deepStrictEqual(yield* subject.keys, [])
        })
      ))

    it.effect("refuses a key that leads out of the store", () =>
      withStore(({ put, localFile }) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(put("../outside.parquet", yield* localFile(randomBytes(1))))
          assert.deepInclude({ ...error }, { _tag: "StoreError", reason: "Unusable" })
        })
      ))
  })
}
