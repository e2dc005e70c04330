import { S3Client } from "@aws-sdk/client-s3"
import { Clock, Effect, Redacted, type Scope } from "effect"
import { fromThrown, S3Failure } from "./S3Failure.ts"
import type { S3Options } from "./S3Options.ts"

/** How one request is sent: with the signal that ends it. */
export type Send<A> = (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<A>

/** A client of one store whose requests end in time, and at once when they are interrupted. */
export interface Requests {
  /** For libraries that send by themselves; it must reach the store through `call` alone. */
  readonly client: S3Client
  /** Sends a request that moves `bodyBytes` in either direction. */
  readonly call: <A>(bodyBytes: number, send: Send<A>) => Effect.Effect<A, S3Failure>
}

const silently = () => {}

const makeClient = (options: S3Options): S3Client =>
  new S3Client({
    region: options.region,
    forcePathStyle: options.forcePathStyle,
    ...(options.endpoint === null ? {} : { endpoint: options.endpoint }),
    // AWS_ENDPOINT_URL and ~/.aws would send files elsewhere than `check` and every error say.
    ignoreConfiguredEndpointUrls: true,
    ...(options.credentials === null ? {} : {
      credentials: {
        accessKeyId: Redacted.value(options.credentials.accessKeyId),
        secretAccessKey: Redacted.value(options.credentials.secretAccessKey)
      }
    }),
    // Retries belong to the Uploader, where they are counted and bounded.
    maxAttempts: 1,
    // The SDK would send its checksums behind the body, in a coding that many stores do not know; ours stand before it.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // A HEAD comes first, so a body is hardly ever refused; stores that do not answer the header would cost seconds.
    expectContinueHeader: false,
    // What goes wrong is told by our own errors; the SDK would write beside the log.
    logger: { trace: silently, debug: silently, info: silently, warn: silently, error: silently },
    requestHandler: { connectionTimeout: options.connectTimeoutMillis }
  })

/** Opens a client that is closed with the scope. */
export const make = (options: S3Options): Effect.Effect<Requests, never, Scope.Scope> =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => makeClient(options)),
      (client) => Effect.sync(() => client.destroy())
    )
    const call = <A>(bodyBytes: number, send: Send<A>) => {
      const limitMillis = options.requestTimeoutMillis + Math.ceil(bodyBytes / options.slowestBytesPerSecond * 1000)
      return Effect.tryPromise({
        try: (abortSignal) => send(client, { abortSignal }),
        catch: (thrown) => fromThrown(thrown, clock.currentTimeMillisUnsafe())
      }).pipe(
        Effect.timeoutOrElse({
          duration: limitMillis,
          orElse: () =>
            Effect.fail(
              new S3Failure({ code: "TimeoutError", status: null, text: `no answer within ${limitMillis} ms` })
            )
        })
      )
    }
    return { client, call }
  })
