import { S3ServiceException } from "@aws-sdk/client-s3"
import { Schema } from "effect"

/** A request to S3 that did not succeed, reduced to what may be told: never a key, a signature or a signed request. */
export class S3Failure extends Schema.TaggedError<S3Failure>()("S3Failure", {
  /** The store's own code, or that of the network error. */
  code: Schema.String,
  /** Of the HTTP answer; null where there was none. */
  status: Schema.NullOr(Schema.Int),
  text: Schema.String,
  /** The bucket's region, where the store names another one. */
  region: Schema.optionalKey(Schema.String),
  retryAfterMillis: Schema.optionalKey(Schema.Finite),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.code === "" ? this.text : `${this.code}: ${this.text}`
  }
}

/** What was answered with success, but not by an object store; `sign` completes "as a web server does: ". */
export const noStore = (sign: string): S3Failure =>
  new S3Failure({ code: "NoObjectStore", status: 200, text: `it answers as a web server does: ${sign}` })

/** Milliseconds of a `Retry-After` header, in seconds or as a date, seen at `nowMillis`. */
export const retryAfterMillis = (header: string, nowMillis: number): number | null => {
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMillis
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null
}

/** What a request is signed with, without what was signed; a store may send back all that it was sent. */
const unsigned = (text: string): string =>
  text.replaceAll(
    /\b((?:X-Amz-)?(?:Credential|Signature|Security-Token)|AWSAccessKeyId)(["']?\s*[=:>]\s*["']?)[^\s,;&<>"']+/gi,
    "$1$2[...]"
  )

const textField = (error: object, name: string): string | null => {
  const value: unknown = Reflect.get(error, name)
  return typeof value === "string" && value !== "" ? value : null
}

/** The outermost code of an error and its causes; a failed connection to several addresses has it further in. */
const networkCode = (error: Error): string => {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause
  return textField(error, "code") ?? (inner instanceof Error ? networkCode(inner) : error.name)
}

/** What the SDK throws where it can make nothing of an answer. */
const isPage = Schema.is(Schema.Struct({
  $response: Schema.Struct({
    statusCode: Schema.Literal(200),
    headers: Schema.Struct({ "content-type": Schema.String.check(Schema.isPattern(/^text\/html\b/i)) })
  })
}))

/** What the AWS SDK has thrown, at `nowMillis`. */
export const fromThrown = (thrown: unknown, nowMillis: number): S3Failure => {
  if (thrown instanceof S3Failure) return thrown
  if (thrown instanceof S3ServiceException) {
    const headers = thrown.$response?.headers ?? {}
    const region = headers["x-amz-bucket-region"] ?? textField(thrown, "Region")
    const wait = retryAfterMillis(headers["retry-after"] ?? "", nowMillis)
    // The exception itself carries the store's copy of the signed request and the key's id.
    const text = unsigned(thrown.message)
    const cause = new Error(text)
    cause.name = thrown.name
    return new S3Failure({
      code: thrown.name === "Unknown" || thrown.name === "UnknownError" ? "" : thrown.name,
      status: thrown.$metadata.httpStatusCode ?? null,
      text: text === "UnknownError" ? "it gives no reason" : text,
      ...(region === null ? {} : { region }),
      ...(wait === null ? {} : { retryAfterMillis: wait }),
      cause
    })
  }
  if (isPage(thrown)) return noStore("a page (text/html)")
  if (thrown instanceof Error) {
    const text = thrown.message || (thrown instanceof AggregateError ? String(thrown.errors[0]) : "no answer")
    // The SDK opens files only for its credential chain.
    const code = textField(thrown, "syscall") === "open" ? "CredentialsProviderError" : networkCode(thrown)
    return new S3Failure({ code, status: null, text, cause: thrown })
  }
  return new S3Failure({ code: "", status: null, text: String(thrown) })
}
