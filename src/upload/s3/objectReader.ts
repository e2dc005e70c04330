import { GetObjectCommand } from "@aws-sdk/client-s3"
import { Effect } from "effect"
import { listPage } from "./listPage.ts"
import type { Requests } from "./Requests.ts"
import { S3Failure } from "./S3Failure.ts"

/** An object as a listing tells of it. */
export interface Listed {
  readonly key: string
  readonly bytes: number
}

/** Every object of a bucket whose key begins with `prefix`, page after page. */
export const list = Effect.fnUntraced(function*(requests: Requests, bucket: string, prefix: string) {
  const found: Array<Listed> = []
  let token: string | undefined
  do {
    const page = yield* listPage(requests, {
      Bucket: bucket,
      Prefix: prefix,
      ...(token === undefined ? {} : { ContinuationToken: token })
    })
    for (const { Key: key, Size: bytes } of page.Contents ?? []) {
      if (key !== undefined && bytes !== undefined) found.push({ key, bytes })
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
  return found
})

/** `length` bytes of an object from `from` on, and no others. */
export const readRange = (requests: Requests, bucket: string, key: string, from: number, length: number) =>
  requests.call(length, async (client, options) => {
    const range = `bytes=${from}-${from + length - 1}`
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: range }), options)
    const body = Buffer.from(await answer.Body?.transformToByteArray() ?? [])
    // A store that knows no ranges sends everything.
    const bytes = answer.ContentRange === undefined ? body.subarray(from, from + length) : body
    if (bytes.length !== length) {
      throw new S3Failure({ code: "ShortRead", status: null, text: `${bytes.length} of ${length} bytes came` })
    }
    return bytes
  })
