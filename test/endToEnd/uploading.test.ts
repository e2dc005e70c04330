import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, FileSystem } from "effect"
import { dirname, join } from "node:path"
import * as App from "../../src/App.ts"
import * as s3StandIn from "../upload/s3StandIn.ts"
import { assertNothingLost, environment, world } from "./harness.ts"
import { until } from "../until.ts"

describe("uploading", () => {
  for (const mode of ["s3", "both"] as const) {
    it.live(`mode ${mode}: everything that was sent is in the store exactly once, through faults of every kind`, () =>
      Effect.gen(function*() {
        const server = yield* s3StandIn.make({ buckets: [] })
        server.fail("PutObject", { kind: "status", status: 503, code: "SlowDown" }, 3)
        server.fail("PutObject", { kind: "resetMidBody" }, 2)
        server.fail("PutObject", { kind: "answerLost" }, 2)
        server.fail("HeadObject", { kind: "status", status: 500, code: "" }, 3)
        const { feeds, finish, sinks } = yield* world({
          simulator: { rate: 200 },
          storage: { mode, server },
          maxFileAgeSecs: 0.4
        })
        yield* until(() => feeds().every((stats) => stats.events > 100 && stats.filesSealed > 2))
        yield* until(() => server.objects().size > 0)
        const audits = yield* finish
        assertNothingLost(audits)
        assert.strictEqual(server.objects().size, sinks().reduce((sum, stats) => sum + stats.filesSealed, 0))
      }).pipe(Effect.provide(environment)))
  }

  it.live("a store that is away keeps nobody from recording: files wait on disk, and all of them arrive", () =>
    Effect.gen(function*() {
      const server = yield* s3StandIn.make()
      for (const operation of ["ListObjects", "HeadObject", "PutObject"] as const) {
        server.fail(operation, { kind: "status", status: 503, code: "" }, Infinity)
      }
      const { feeds, finish, sinks, uploads } = yield* world({
        venues: ["okx", "bybit"],
        simulator: { rate: 200 },
        storage: { mode: "s3", server },
        maxFileAgeSecs: 0.2
      })
      yield* until(() => feeds().every((stats) => stats.filesSealed > 2) && uploads.failedAttempts > 5)
      assert.strictEqual(server.objects().size, 0)
      assert.strictEqual(uploads.stored, 0)
      assert.isAtLeast(uploads.filesOnDisk, feeds().length * 3)
      server.heal()
      assertNothingLost(yield* finish)
      assert.strictEqual(uploads.stored, sinks().reduce((sum, stats) => sum + stats.filesSealed, 0))
      assert.strictEqual(uploads.filesOnDisk, 0)
    }).pipe(Effect.provide(environment)))

  it.live("a store that is stuck at the stop costs no more than the limit; the next start brings what was left", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const server = yield* s3StandIn.make()
      server.fail("PutObject", { kind: "treacle" }, Infinity)
      const { config, feeds, shutDown, sinks } = yield* world({
        venues: ["okx", "bybit"],
        simulator: { rate: 200 },
        storage: { mode: "s3", server },
        maxFileAgeSecs: 0.2,
        uploadSecs: 0.5
      })
      yield* until(() => server.open.size > 0 && feeds().every((stats) => stats.filesSealed > 1))
      const startedAt = yield* Clock.currentTimeMillis
      yield* shutDown
      assert.isBelow((yield* Clock.currentTimeMillis) - startedAt, 5000)
      yield* until(() => server.open.size === 0)
      assert.strictEqual(server.objects().size, 0)
      const left = (yield* fs.readDirectory(config.storage.dataDir, { recursive: true })).filter((name) =>
        name.endsWith(".parquet")
      )
      assert.strictEqual(left.length, sinks().reduce((sum, stats) => sum + stats.filesSealed, 0))
      const contents = new Map<string, Uint8Array>()
      for (const name of left) contents.set(name, yield* fs.readFile(join(config.storage.dataDir, name)))
      server.heal()
      yield* Effect.forkScoped(App.run({ ...config, feeds: [] }))
      yield* until(() => left.every((name) => server.objects().has(name)))
      for (const [name, content] of contents) {
        assert.isTrue(Buffer.from(content).equals(server.objects().get(name)?.body ?? Buffer.alloc(0)), dirname(name))
      }
    }).pipe(Effect.provide(environment)))
})
