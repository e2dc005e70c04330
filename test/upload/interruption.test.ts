import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, FileSystem, Layer, Logger, Path, Redacted, Scope } from "effect"
import { randomBytes } from "node:crypto"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import * as S3Store from "../../src/upload/S3Store.ts"
import { Uploader } from "../../src/upload/Uploader.ts"
import { until } from "../until.ts"
import * as s3StandIn from "./s3StandIn.ts"

const key = "binance/btcusdt/trade/2026-03-14/1.parquet"
const partBytes = 5 * 1024 * 1024

/** A data folder with one sealed file, a server, and uploaders of it that can be ended at any point. */
const setUp = Effect.fnUntraced(function*(bytes: number) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const dataDir = yield* fs.makeTempDirectoryScoped()
  const localPath = path.join(dataDir, key)
  const content = randomBytes(bytes)
  yield* fs.makeDirectory(path.dirname(localPath), { recursive: true })
  yield* fs.writeFile(localPath, content)
  const server = yield* s3StandIn.make()
  const holdsIt = () => content.equals(server.objects().get(key)?.body ?? Buffer.alloc(0))
  const removing = yield* Deferred.make<void>()
  /** A file system on which the process ends right before it removes a file. */
  const endsAtRemoval = Layer.succeed(
    FileSystem.FileSystem,
    FileSystem.FileSystem.of({
      ...fs,
      remove: () => Effect.andThen(Deferred.succeed(removing, undefined), Effect.never)
    })
  )
  const start = (files: Layer.Layer<FileSystem.FileSystem> = Layer.succeed(FileSystem.FileSystem, fs)) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      yield* Effect.addFinalizer((exit) => Scope.close(scope, exit))
      yield* Layer.buildWithScope(
        Uploader.layer({ dataDir, drainWithin: 0, initialRetryDelay: "10 millis" }).pipe(
          Layer.provide(S3Store.layer({
            region: "us-east-1",
            bucket: "market-data",
            endpoint: server.endpoint,
            forcePathStyle: true,
            credentials: {
              accessKeyId: Redacted.make(server.options.accessKey),
              secretAccessKey: Redacted.make(server.options.secretKey)
            },
            multipartFromBytes: 2 * partBytes,
            partBytes
          })),
          Layer.provide(files),
          Layer.provide(Telemetry.layer),
          Layer.provide(NodeServices.layer),
          Layer.provide(Logger.layer([]))
        ),
        scope
      )
      return { kill: Scope.close(scope, Exit.void) }
    })
  const isHere = fs.exists(localPath)
  /** Whether all of the file is in the quarantine. */
  const aside = Effect.map(
    fs.readFile(path.join(dataDir, "quarantine/upload", key)),
    (bytes) => content.equals(bytes)
  )
  const isGone = Effect.gen(function*() {
    while (yield* isHere) yield* Effect.sleep("5 millis")
  })
  return { aside, endsAtRemoval, holdsIt, isGone, isHere, removing: Deferred.await(removing), server, start }
})

describe("an uploader that is ended and started again stores a file once, and removes nothing before it is proven", () => {
  const points: ReadonlyArray<readonly [string, number, s3StandIn.Operation, s3StandIn.Fault["kind"], boolean]> = [
    ["before PUT, at the look", 5000, "HeadObject", "silent", false],
    ["within PUT", 5000, "PutObject", "treacle", false],
    ["between PUT and its answer", 5000, "PutObject", "silent", true],
    ["within a part", 3 * partBytes, "UploadPart", "treacle", false],
    ["between the last part and the end", 3 * partBytes, "CompleteMultipartUpload", "treacle", false],
    ["between the end and its answer", 3 * partBytes, "CompleteMultipartUpload", "silent", true]
  ]
  for (const [name, bytes, operation, kind, stored] of points) {
    it.live(name, () =>
      Effect.gen(function*() {
        const { holdsIt, isGone, isHere, server, start } = yield* setUp(bytes)
        assert.isTrue(kind === "silent" || kind === "treacle")
        server.fail(operation, { kind: kind === "silent" ? "silent" : "treacle" }, 2)
        const reached = yield* Effect.forkChild(server.reached(operation), { startImmediately: true })
        const { kill } = yield* start()
        yield* until(() => reached.pollUnsafe() !== undefined)
        yield* until(() => holdsIt() === stored)
        yield* kill
        assert.isTrue(yield* isHere)
        server.heal()
        yield* start()
        yield* isGone
        assert.isTrue(holdsIt())
        assert.strictEqual(server.objects().size, 1)
        assert.strictEqual(server.uploads.size, 0)
        assert.isAtMost(server.requests.filter((each) => each === "PutObject").length, stored ? 1 : 2)
      }).pipe(Effect.provide(NodeServices.layer)))
  }

  it.live("between PUT and HEAD", () =>
    Effect.gen(function*() {
      const { holdsIt, isGone, isHere, server, start } = yield* setUp(5000)
      server.fail("PutObject", { kind: "answerLost" })
      // The first look passes, the second is the proof.
      const { kill } = yield* start()
      yield* until(holdsIt)
      yield* kill
      assert.isTrue(yield* isHere)
      yield* start()
      yield* isGone
      assert.isTrue(holdsIt())
      assert.strictEqual(server.requests.filter((each) => each === "PutObject").length, 1)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("between HEAD and the removal", () =>
    Effect.gen(function*() {
      const { endsAtRemoval, holdsIt, isGone, isHere, removing, server, start } = yield* setUp(5000)
      const { kill } = yield* start(endsAtRemoval)
      yield* removing
      yield* kill
      assert.isTrue(yield* isHere)
      assert.isTrue(holdsIt())
      yield* start()
      yield* isGone
      assert.isTrue(holdsIt())
      assert.strictEqual(server.requests.filter((each) => each === "PutObject").length, 1)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("what the store acknowledged and did not keep is set aside, never removed", () =>
    Effect.gen(function*() {
      const { aside, holdsIt, isGone, server, start } = yield* setUp(5000)
      server.fail("PutObject", { kind: "truncate" })
      yield* start()
      yield* isGone
      assert.isFalse(holdsIt())
      assert.isTrue(yield* aside)
    }).pipe(Effect.provide(NodeServices.layer)))
})
