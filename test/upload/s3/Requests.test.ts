import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { HeadBucketCommand } from "@aws-sdk/client-s3"
import * as Requests from "../../../src/upload/s3/Requests.ts"
import { defaults } from "../../../src/upload/s3/S3Options.ts"

const Sent = Schema.Struct({ request: Schema.Struct({ hostname: Schema.String }) })

const options = {
  ...defaults,
  region: "eu-west-3",
  bucket: "ticks",
  endpoint: null,
  forcePathStyle: true,
  credentials: { accessKeyId: Redacted.make("AKIDTICKLAKE"), secretAccessKey: Redacted.make("very-secret-indeed") }
}

const variable = (name: string, value: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = process.env[name]
      process.env[name] = value
      return before
    }),
    (before) =>
      Effect.sync(() => {
        if (before === undefined) delete process.env[name]
        else process.env[name] = before
      })
  )

/** The host that a request would go to. */
const hostOf = Effect.fnUntraced(function*(endpoint: string | null) {
  const { call, client } = yield* Requests.make({ ...options, endpoint })
  const hosts: Array<string> = []
  client.middlewareStack.add(() => (sent) => {
    hosts.push(Schema.decodeUnknownSync(Sent)(sent).request.hostname)
    return Promise.reject(new Error("nothing is sent"))
  }, { step: "finalizeRequest", priority: "low" })
  yield* Effect.flip(call(0, (client) => client.send(new HeadBucketCommand({ Bucket: "ticks" }))))
  return hosts
})

describe("requests to a store", () => {
  it.live("go to Amazon or to the configured endpoint, whatever the variables of the AWS SDK say", () =>
    Effect.gen(function*() {
      yield* variable("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
      yield* variable("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
      assert.deepStrictEqual(yield* hostOf(null), ["s3.eu-west-3.amazonaws.com"])
      assert.deepStrictEqual(yield* hostOf("http://store.example:8333"), ["store.example"])
    }))
})
