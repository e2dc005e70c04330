import { Effect, type Scope } from "effect"
import { createReadStream, type ReadStream } from "node:fs"
import { S3Failure } from "./S3Failure.ts"

/** A file as the body of a request, read as it is sent and closed with the scope. */
export interface FileBody {
  readonly stream: ReadStream
  /** Fails when the file can no longer be read; never succeeds. */
  readonly broken: Effect.Effect<never, S3Failure>
}

/** Opens a file to be sent. */
export const open = (localPath: string): Effect.Effect<FileBody, never, Scope.Scope> =>
  Effect.gen(function*() {
    const failed = Promise.withResolvers<Error>()
    const stream = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const stream = createReadStream(localPath, { highWaterMark: 256 * 1024 })
        // An HTTP request does not hear that its body broke, and an error that nobody hears would end the process.
        stream.on("error", failed.resolve)
        return stream
      }),
      (stream) => Effect.sync(() => stream.destroy())
    )
    const broken = Effect.flatMap(
      Effect.promise(() => failed.promise),
      (cause) => Effect.fail(new S3Failure({ code: "LocalFile", status: null, text: cause.message, cause }))
    )
    return { stream, broken }
  })
