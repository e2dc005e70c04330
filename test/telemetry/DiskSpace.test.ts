import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { DiskSpace } from "../../src/telemetry/DiskSpace.ts"
import { until } from "../until.ts"

const room = { freeBytes: 1, totalBytes: 2 }

describe("DiskSpace", () => {
  it.live("tells the room of a folder, and of one that is not there yet", () =>
    Effect.gen(function*() {
      const context = yield* Layer.build(
        DiskSpace.layer([{ name: "data", path: "." }, { name: "archive", path: "not/there/yet" }]).pipe(
          Layer.provide(NodeServices.layer)
        )
      )
      const { folders } = Context.get(context, DiskSpace)
      yield* until(() => folders.every(({ freeBytes }) => freeBytes !== null))
      assert.strictEqual(folders[0]?.totalBytes, folders[1]?.totalBytes)
      assert.isAbove(folders[0]?.freeBytes ?? 0, 0)
    }))

  it.effect("keeps nobody waiting for a disk that does not answer, and asks it once until it does", () =>
    Effect.gen(function*() {
      const answered = yield* Deferred.make<typeof room>()
      let asked = 0
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        DiskSpace.layer(
          [{ name: "data", path: "/good" }, { name: "archive", path: "/hung" }],
          (_path, folder) =>
            folder === "/good"
              ? Effect.succeed(room)
              : Effect.suspend(() => {
                asked++
                return Effect.uninterruptible(Deferred.await(answered))
              })
        ).pipe(Layer.provide(NodeServices.layer)),
        scope
      )
      const { folders } = Context.get(context, DiskSpace)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(folders.map(({ freeBytes }) => freeBytes), [1, null])
      assert.strictEqual(asked, 1)
      yield* Deferred.succeed(answered, room)
      yield* TestClock.adjust("12 seconds")
      assert.deepStrictEqual(folders.map(({ freeBytes }) => freeBytes), [1, 1])
      yield* TestClock.adjust("12 seconds")
      assert.isAbove(asked, 1)
      yield* Scope.close(scope, Exit.void)
    }))

  it.effect("stops although a disk never answers", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(
        DiskSpace.layer([{ name: "data", path: "/hung" }], () => Effect.uninterruptible(Effect.never)).pipe(
          Layer.provide(NodeServices.layer)
        ),
        scope
      )
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
    }), 2000)

  it.effect("looks again after a bug", () =>
    Effect.gen(function*() {
      let asked = 0
      const context = yield* Layer.build(
        DiskSpace.layer(
          [{ name: "data", path: "/data" }],
          () => ++asked === 1 ? Effect.die(new Error("a bug")) : Effect.succeed(room)
        ).pipe(Layer.provide(NodeServices.layer))
      )
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(Context.get(context, DiskSpace).folders[0]?.freeBytes, 1)
    }))
})
