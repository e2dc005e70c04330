import { Effect, Schedule, Schema } from "effect"
import type { Config } from "../../config/Config.ts"
import { Bucket } from "../../config/ConfigFile.ts"
import { explain } from "../../upload/s3/explain.ts"
import * as objectReader from "../../upload/s3/objectReader.ts"
import * as Requests from "../../upload/s3/Requests.ts"
import type { S3Failure } from "../../upload/s3/S3Failure.ts"
import * as StoredObject from "../../upload/s3/StoredObject.ts"
import { defaults } from "../../upload/s3/S3Options.ts"
import type { FileBytes } from "../../sinks/footer.ts"
import { CannotInspect, ReadFailed, sorted, type Source } from "./Source.ts"

const scheme = "s3://"

const isBucket = Schema.is(Bucket)

/** Every object whose key begins with the prefix, read in parts; lives as long as the scope. */
export const s3Source = Effect.fnUntraced(function*(place: string, { aws, credentials }: Config) {
  const [bucket = "", ...rest] = place.slice(scheme.length).split("/")
  const prefix = rest.join("/")
  if (!place.startsWith(scheme) || !isBucket(bucket)) {
    return yield* new CannotInspect({ place, problem: "write s3://bucket or s3://bucket/prefix" })
  }
  const options = { ...defaults, ...aws, bucket, credentials: credentials.aws }
  const requests = yield* Requests.make(options)
  const explained = (failure: S3Failure) => explain("", failure, options)

  // A store may be busy for a moment; one of ten thousand requests must not spoil the answer.
  const patiently = <A>(request: Effect.Effect<A, S3Failure>) =>
    Effect.retry(request, {
      schedule: Schedule.exponential("200 millis"),
      times: 4,
      while: (failure) => explained(failure).retryable
    })

  const listed = yield* patiently(objectReader.list(requests, bucket, prefix)).pipe(
    Effect.mapError((failure) => new CannotInspect({ place, problem: explained(failure).explanation, cause: failure }))
  )
  // Some tools make an empty object in place of a folder.
  const objects = listed.filter(({ key }) => !key.endsWith("/"))
  const sizes = new Map(objects.map(({ bytes, key }) => [`${scheme}${bucket}/${key}`, { bytes, key }]))

  const readFailed = (failure: S3Failure) =>
    new ReadFailed({ problem: `it cannot be read: ${explained(failure).explanation}`, gone: failure.status === 404 })

  const use = <A, E>(file: string, read: (bytes: FileBytes<ReadFailed>) => Effect.Effect<A, E>) => {
    const { bytes, key } = sizes.get(file) ?? { bytes: 0, key: "" }
    return read({
      bytes,
      read: (from, length) =>
        Effect.mapError(patiently(objectReader.readRange(requests, bucket, key, from, length)), readFailed)
    })
  }

  const sha256 = Effect.fnUntraced(function*(file: string, reading: boolean) {
    const { bytes, key } = sizes.get(file) ?? { bytes: 0, key: "" }
    const object = yield* patiently(StoredObject.head(requests, bucket, key))
    const stored = wholeDigest(object?.checksum ?? null)
    if (stored !== null || !reading) return stored
    return yield* patiently(StoredObject.readBack(requests, bucket, key, bytes))
  }, Effect.mapError(readFailed))
  const source: Source = {
    ...sorted((key) => `${scheme}${bucket}/${key}`, objects.map(({ key }) => key)),
    unread: [],
    onlyFile: objects.length === 1 && objects[0]?.key === prefix ? place : null,
    filesAtATime: 32,
    use,
    sha256,
    digestsAtATime: 16,
    address: (file) => file,
    contains: (address) => address.startsWith(place)
  }
  return source
})

/** What a store computed of an object as a whole; that of one stored in parts says nothing of the whole. */
const wholeDigest = (checksum: string | null): string | null =>
  checksum === null || checksum.includes("-") ? null : Buffer.from(checksum, "base64").toString("hex")
