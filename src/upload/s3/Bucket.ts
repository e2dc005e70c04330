import { type BucketLocationConstraint, CreateBucketCommand, HeadBucketCommand } from "@aws-sdk/client-s3"
import { Effect } from "effect"
import { listPage } from "./listPage.ts"
import type { Requests } from "./Requests.ts"
import { S3Failure } from "./S3Failure.ts"
import type { S3Options } from "./S3Options.ts"

type Where = Pick<S3Options, "bucket" | "region">

/** Regions of other stores have names of their own, and Amazon has more than the SDK knew when it was published. */
const isLocation = (region: string): region is BucketLocationConstraint => region !== ""

/** Creates the bucket in its region; one that is ours already is as good. */
export const create = (requests: Requests, { bucket, region }: Where): Effect.Effect<void, S3Failure> => {
  // The first region is the one that has no name here, and refuses to be named.
  const constraint = region !== "us-east-1" && isLocation(region)
    ? { CreateBucketConfiguration: { LocationConstraint: region } }
    : {}
  return requests.call(
    0,
    (client, options) => client.send(new CreateBucketCommand({ Bucket: bucket, ...constraint }), options)
  ).pipe(
    Effect.andThen(Effect.logInfo(`created the bucket ${bucket} in ${region}`)),
    Effect.catchTag("S3Failure", (failure) => {
      if (failure.code === "BucketAlreadyOwnedByYou") return Effect.void
      if (failure.status !== 403) return Effect.fail(failure)
      const text = `there is no bucket ${bucket}, and the key may not create it (s3:CreateBucket): ${failure.text}`
      return Effect.fail(new S3Failure({ ...failure, code: "NoSuchBucket", text }))
    })
  )
}

const list = (requests: Requests, bucket: string): Effect.Effect<void, S3Failure> =>
  Effect.asVoid(listPage(requests, { Bucket: bucket, MaxKeys: 1 }))

/** Finds out whether the bucket can be used, and creates it where it is missing. */
export const ensure = (requests: Requests, where: Where): Effect.Effect<void, S3Failure> =>
  list(requests, where.bucket).pipe(
    Effect.catchTag(
      "S3Failure",
      (failure) => failure.code === "NoSuchBucket" ? create(requests, where) : Effect.fail(failure)
    )
  )

/** Whether the bucket is there; changes nothing. */
export const isThere = (requests: Requests, bucket: string): Effect.Effect<boolean, S3Failure> =>
  requests.call(0, (client, options) => client.send(new HeadBucketCommand({ Bucket: bucket }), options)).pipe(
    // Any web server may answer a HEAD with success.
    Effect.andThen(list(requests, bucket)),
    Effect.as(true),
    Effect.catchIf(({ status }) => status === 404, () => Effect.succeed(false)),
    // The answer to a HEAD has no body; that to a GET says why both are refused.
    Effect.catchIf(
      ({ status }) => status !== null && status < 500,
      () => Effect.as(list(requests, bucket), true)
    )
  )
