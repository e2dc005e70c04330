import { Effect } from "effect"
import type { Config } from "../../config/Config.ts"
import * as Bucket from "../../upload/s3/Bucket.ts"
import { explain } from "../../upload/s3/explain.ts"
import * as Requests from "../../upload/s3/Requests.ts"
import { defaults } from "../../upload/s3/S3Options.ts"
import { ask } from "./Answer.ts"

const waitMillis = 10_000

/** Asks the store for the bucket; writes nothing and creates nothing. */
export const bucketAnswer = ({ aws, credentials }: Config) => {
  const options = {
    ...defaults,
    ...aws,
    credentials: credentials.aws,
    connectTimeoutMillis: waitMillis,
    requestTimeoutMillis: waitMillis
  }
  const question = Effect.scoped(
    Effect.flatMap(Requests.make(options), (requests) => Bucket.isThere(requests, aws.bucket))
  ).pipe(
    Effect.map((there) => there ? "is there" : "is missing; the first start creates it"),
    Effect.mapError((failure) => ({
      answer: failure.status === null ? "NO ANSWER" : "REFUSED",
      trouble: explain("", failure, options).explanation
    }))
  )
  return ask(`bucket s3://${aws.bucket}${aws.endpoint === null ? "" : ` at ${aws.endpoint}`}`, question)
}
