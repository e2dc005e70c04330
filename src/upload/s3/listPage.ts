import { ListObjectsV2Command, type ListObjectsV2CommandInput } from "@aws-sdk/client-s3"
import { Effect } from "effect"
import type { Requests } from "./Requests.ts"
import { noStore } from "./S3Failure.ts"

/** One page of the objects of a bucket; fails where what answers is no store, as a web server does that has a page for everything. */
export const listPage = (requests: Requests, asked: ListObjectsV2CommandInput) =>
  requests.call(0, (client, options) => client.send(new ListObjectsV2Command(asked), options)).pipe(
    Effect.filterOrFail(
      ({ IsTruncated, Name }) => IsTruncated !== undefined || Name !== undefined,
      () => noStore("what it says of the bucket is no list")
    )
  )
