import { PutObjectCommand } from "@aws-sdk/client-s3"
import { Effect, FileSystem, Layer, Semaphore } from "effect"
import { ObjectStore, type Stored, StoreError, type StoreErrorReason } from "./ObjectStore.ts"
import * as Bucket from "./s3/Bucket.ts"
import { explain } from "./s3/explain.ts"
import * as FileBody from "./s3/fileBody.ts"
import { partBytesOf, putInParts } from "./s3/multipart.ts"
import { digestObject, type ObjectDigest } from "./s3/objectDigest.ts"
import * as Requests from "./s3/Requests.ts"
import type { S3Failure } from "./s3/S3Failure.ts"
import { defaults, type S3Options } from "./s3/S3Options.ts"
import { signContent } from "./s3/signContent.ts"
import { compare, digestMetadata, head, readBack, type StoredObject } from "./s3/StoredObject.ts"

type Given = Pick<S3Options, "region" | "bucket" | "endpoint" | "forcePathStyle" | "credentials">

const make = Effect.fnUntraced(function*(options: S3Options) {
  const fs = yield* FileSystem.FileSystem
  const requests = yield* Requests.make(options)
  const { bucket } = options
  /** Whether the store knows `If-None-Match`, as far as we have heard. */
  let conditional = true
  const oneAtATime = yield* Semaphore.make(1)

  const putWhole = Effect.fnUntraced(function*(key: string, localPath: string, file: ObjectDigest) {
    const body = yield* FileBody.open(localPath)
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body.stream,
      ContentLength: file.bytes,
      ContentType: "application/vnd.apache.parquet",
      ChecksumSHA256: file.checksum,
      Metadata: { [digestMetadata]: file.sha256 },
      ...(conditional ? { IfNoneMatch: "*" } : {})
    })
    command.middlewareStack.add(signContent(file.sha256), { step: "build" })
    const sent = requests.call(file.bytes, (client, signal) => client.send(command, signal))
    yield* Effect.raceFirst(sent, body.broken)
    return true
  }, Effect.scoped)

  const send = (key: string, localPath: string, file: ObjectDigest, partBytes: number | null) =>
    Effect.suspend(() =>
      partBytes === null
        ? putWhole(key, localPath, file)
        : putInParts(requests, options, { key, localPath, file, partBytes, conditional })
    )

  /** Sends a file unless its key is taken, which a store without conditions has to be asked first. */
  const sendIfFree = (...args: Parameters<typeof send>) =>
    Effect.suspend(() =>
      conditional ? send(...args) : oneAtATime.withPermit(
        Effect.flatMap(
          head(requests, bucket, args[0]),
          (taken) => taken === null ? send(...args) : Effect.succeed(false)
        )
      )
    )

  const sendToBucket = (...args: Parameters<typeof send>) =>
    sendIfFree(...args).pipe(
      Effect.catchIf((failure) => failure.code === "NoSuchBucket", () =>
        Effect.andThen(Bucket.create(requests, options), sendIfFree(...args)))
    )

  const forgoConditions = Effect.suspend(() => {
    if (!conditional) return Effect.void
    conditional = false
    return Effect.logWarning(
      "the store does not know If-None-Match; each key is looked up right before it is written instead"
    )
  })

  /** Sends a file; answers whether its key was free. */
  const upload = (...args: Parameters<typeof send>) =>
    Effect.suspend(() => {
      // Several may be under way when the first of them hears of it.
      const wasConditional = conditional
      return sendToBucket(...args).pipe(
        Effect.catchIf((failure) => wasConditional && refusesConditions(failure), () =>
          Effect.andThen(forgoConditions, sendToBucket(...args))),
        // The key is taken, perhaps by an earlier attempt of ours: what is there shows by the comparison.
        Effect.catchIf((failure) =>
          failure.status === 412, () => Effect.succeed(false))
      )
    })

  /** Fails with `reason` unless the object is the file. */
  const prove = Effect.fnUntraced(
    function*(key: string, file: ObjectDigest, object: StoredObject, reason: StoreErrorReason) {
      const verdict = compare(object, file)
      const same = verdict === "unknown"
        ? (yield* readBack(requests, bucket, key, object.bytes)) === file.sha256
        : verdict === "equal"
      if (!same) {
        const what = object.bytes === file.bytes ? "other content of the same size" : `${object.bytes} bytes`
        const explanation =
          `s3://${bucket}/${key} holds ${what}, the file has ${file.bytes} bytes; it is not overwritten`
        return yield* new StoreError({ key, reason, explanation })
      }
      const stored: Stored = { bytes: file.bytes, sha256: file.sha256 }
      return stored
    }
  )

  const put = Effect.fn("S3Store.put")(function*(key: string, localPath: string) {
    if (key.split("/").some((segment) => segment === "" || segment === "." || segment === "..")) {
      return yield* new StoreError({ key, reason: "Unusable", explanation: "it would not be a path below the bucket" })
    }
    const before = yield* head(requests, bucket, key)
    const partBytes = partBytesOf(options, Number((yield* fs.stat(localPath)).size))
    const file = yield* digestObject(fs, localPath, partBytes)
    if (before !== null) return yield* prove(key, file, before, "Conflict")
    const free = yield* upload(key, localPath, file, partBytes)
    const after = yield* head(requests, bucket, key)
    if (after === null) {
      const explanation = `the store took it, but has no s3://${bucket}/${key}`
      return yield* new StoreError({ key, reason: "Unproven", explanation })
    }
    return yield* prove(key, file, after, free ? "Unproven" : "Conflict")
  })

  // Trouble shows now rather than when the first file is sealed; recording does not wait for it.
  yield* Bucket.ensure(requests, options).pipe(
    Effect.andThen(Effect.logInfo(`sealed files go to ${describe(options)}`)),
    Effect.catchTag(
      "S3Failure",
      (failure) =>
        Effect.logError(
          `${describe(options)} cannot be used now: ${
            explain("", failure, options).explanation
          }; recording goes on, and sealed ` +
            "files stay on this disk until it can"
        )
    ),
    Effect.forkScoped
  )

  return ObjectStore.of({
    put: (key, localPath) =>
      put(key, localPath).pipe(
        Effect.catchTags({
          S3Failure: (failure) => Effect.fail(explain(key, failure, options)),
          PlatformError: (cause) =>
            Effect.fail(new StoreError({ key, reason: "Unavailable", explanation: cause.message, cause }))
        })
      )
  })
})

/** Keeps files in a bucket of an S3-compatible store, under their keys, each proven by the store's own answer. */
export const layer = (options: Given & Partial<S3Options>): Layer.Layer<ObjectStore, never, FileSystem.FileSystem> =>
  Layer.effect(ObjectStore, make({ ...defaults, ...options }))

/** The store in words, for people. */
export const describe = ({ bucket, endpoint, region }: Pick<S3Options, "bucket" | "region" | "endpoint">): string =>
  `s3://${bucket} in ${region}${endpoint === null ? "" : ` at ${endpoint}`}`

const refusesConditions = (failure: S3Failure): boolean =>
  failure.status === 501 || failure.status === 400 && /if-none-match/i.test(failure.text)
