import { AbortMultipartUploadCommand, type S3Client, UploadPartCommand } from "@aws-sdk/client-s3"
import { Upload } from "@aws-sdk/lib-storage"
import { Clock, Deferred, Effect, Exit, FiberSet } from "effect"
import * as FileBody from "./fileBody.ts"
import type { ObjectDigest } from "./objectDigest.ts"
import type { Requests } from "./Requests.ts"
import { fromThrown, type S3Failure } from "./S3Failure.ts"
import type { S3Options } from "./S3Options.ts"
import { signContent } from "./signContent.ts"
import { digestMetadata } from "./StoredObject.ts"

/** One file to be sent in parts. */
export interface Input {
  readonly key: string
  readonly localPath: string
  readonly file: ObjectDigest
  readonly partBytes: number
  /** Whether the store knows `If-None-Match`. */
  readonly conditional: boolean
}

/** What a store allows. */
const mostParts = 10_000
const abortWithin = "2 seconds"

/** The size of a file's parts; null for a file that is sent whole. */
export const partBytesOf = (options: Pick<S3Options, "multipartFromBytes" | "partBytes">, bytes: number) =>
  bytes < options.multipartFromBytes ? null : Math.max(options.partBytes, Math.ceil(bytes / mostParts))

/** Sends a file in parts; those already sent are removed if it ends in any other way than done. */
export const putInParts = Effect.fnUntraced(function*(requests: Requests, options: S3Options, input: Input) {
  const { client } = requests
  const clock = yield* Clock.Clock
  const failed = yield* Deferred.make<never, S3Failure>()
  let upload: Upload | null = null
  // Registered first, so that it runs when no part is under way any more.
  yield* Effect.addFinalizer((exit) => {
    const id = upload?.uploadId
    if (Exit.isSuccess(exit) || id === undefined) return Effect.void
    const target = { Bucket: options.bucket, Key: input.key, UploadId: id }
    return requests.call(0, (client, signal) => client.send(new AbortMultipartUploadCommand(target), signal)).pipe(
      Effect.timeout(abortWithin),
      Effect.catch((cause) =>
        Effect.logWarning(
          `the parts sent of ${input.key} could not be removed: ${cause.message}; they stay in the bucket until a rule of its ` +
            "own removes them"
        )
      )
    )
  })
  const body = yield* FileBody.open(input.localPath)
  const run = yield* FiberSet.makeRuntimePromise<never>()
  const sending = new Upload({
    // lib-storage can neither end a request nor stop at the first part that fails; its requests run as fibers, which can.
    client: new Proxy(client, {
      get: (target, property) =>
        property === "send"
          ? (command: Parameters<S3Client["send"]>[0]) => {
            vouchForPart(command, input.file)
            return run(
              requests.call(input.partBytes, (client, signal) => client.send(command, signal)).pipe(
                Effect.tapError((failure) => Deferred.fail(failed, failure))
              )
            )
          }
          : Reflect.get(target, property)
    }),
    queueSize: options.partsAtATime,
    partSize: input.partBytes,
    leavePartsOnError: true,
    params: {
      Bucket: options.bucket,
      Key: input.key,
      Body: body.stream,
      ContentLength: input.file.bytes,
      ContentType: "application/vnd.apache.parquet",
      ChecksumAlgorithm: "SHA256",
      Metadata: { [digestMetadata]: input.file.sha256 },
      ...(input.conditional ? { IfNoneMatch: "*" } : {})
    }
  })
  upload = sending
  const done = Effect.tryPromise({
    try: () => sending.done(),
    catch: (thrown) => fromThrown(thrown, clock.currentTimeMillisUnsafe())
  })
  yield* Effect.raceAllFirst([done, Deferred.await(failed), body.broken])
  return true
}, Effect.scoped)

/** Gives a part the digest that the file's own reading has found, so that what is sent is what was read then. */
const vouchForPart = (command: unknown, file: ObjectDigest): void => {
  if (!(command instanceof UploadPartCommand)) return
  const digest = file.parts[(command.input.PartNumber ?? 0) - 1]
  if (digest === undefined) return
  command.input.ChecksumSHA256 = digest.toString("base64")
  command.middlewareStack.add(signContent(digest.toString("hex")), { step: "build" })
}
