import { GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from "@aws-sdk/client-s3"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import type { ObjectDigest } from "./objectDigest.ts"
import type { Requests } from "./Requests.ts"
import { noStore, type S3Failure } from "./S3Failure.ts"

/** The metadata that carries the digest of the whole file, for stores that keep no checksums of their own. */
export const digestMetadata = "sha256"

/** What a store says of an object that it holds. */
export interface StoredObject {
  readonly bytes: number
  /** SHA-256 as the store itself computed it, of the object or of its parts; null where it keeps none. */
  readonly checksum: string | null
  /** What was written beside it when it was stored; null where nothing was. */
  readonly claimedSha256: string | null
  /** The store's name for this content, without quotes; most often the MD5 of an object that was stored whole. */
  readonly etag: string
}

/**
 * Whether an object is the file: by a digest that the store computed, SHA-256 or MD5; else it cannot be told. What was written
 * beside it comes back whatever became of the body: it can show another file, and never prove the same one.
 */
export const compare = (object: StoredObject, file: ObjectDigest): "equal" | "different" | "unknown" => {
  if (object.bytes !== file.bytes) return "different"
  if (object.checksum === file.checksum || object.checksum !== null && object.checksum === file.compositeChecksum) {
    return "equal"
  }
  // Of parts cut in another way the digests say nothing.
  if (object.checksum !== null) return object.checksum.includes("-") ? "unknown" : "different"
  if (object.claimedSha256 !== null && object.claimedSha256 !== file.sha256) return "different"
  return object.etag === file.md5 ? "equal" : "unknown"
}

/** Why an answer is hardly that of a store, so that nothing may be concluded from it; null where it may be. */
const signOfWebServer = ({ ContentType = "", ETag }: HeadObjectCommandOutput): string | null =>
  ETag === undefined
    ? "what it says of a file has no ETag"
    : /^text\/html\b/i.test(ContentType)
    ? "it has a page (text/html) where a file would be"
    : null

/** Looks an object up; null where there is none. */
export const head = (
  requests: Requests,
  bucket: string,
  key: string
): Effect.Effect<StoredObject | null, S3Failure> => {
  const once = requests.call(
    0,
    (client, options) =>
      client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: "ENABLED" }), options)
  ).pipe(
    Effect.filterOrFail(
      (answer) => signOfWebServer(answer) === null,
      (answer) => noStore(signOfWebServer(answer) ?? "")
    ),
    Effect.map((answer): StoredObject => ({
      bytes: answer.ContentLength ?? 0,
      checksum: answer.ChecksumSHA256 ?? null,
      claimedSha256: answer.Metadata?.[digestMetadata] ?? null,
      etag: (answer.ETag ?? "").replaceAll("\"", "")
    })),
    Effect.catchIf((failure) => failure.status === 404, () => Effect.succeed(null))
  )
  // The answer to a HEAD has no body and so no code; that to a GET says why both are refused.
  return Effect.catchIf(once, isRefusal, () => Effect.andThen(peek(requests, bucket, key), once))
}

const isRefusal = ({ status }: S3Failure): boolean => status !== null && status < 500

/** Asks for the first byte of an object, only to hear what the store says. */
const peek = (requests: Requests, bucket: string, key: string) =>
  requests.call(
    0,
    (client, options) =>
      client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: "bytes=0-0" }), options).then(
        async (answer) => {
          await answer.Body?.transformToByteArray()
        }
      )
  ).pipe(Effect.catchIf(({ status }) => status === 404 || status === 416, () => Effect.void))

/** Reads an object from start to end and answers its SHA-256. */
export const readBack = (requests: Requests, bucket: string, key: string, bytes: number) =>
  requests.call(bytes, async (client, options) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), options)
    const hash = createHash("sha256")
    if (Body !== undefined) { for await (const chunk of Body.transformToWebStream()) hash.update(chunk) }
    return hash.digest("hex")
  })
