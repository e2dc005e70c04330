import { isTlsTrouble } from "../../runtime/tlsTrouble.ts"
import { StoreError, type StoreErrorReason } from "../ObjectStore.ts"
import type { S3Failure } from "./S3Failure.ts"
import type { S3Options } from "./S3Options.ts"

type Where = Pick<S3Options, "region" | "bucket" | "endpoint" | "forcePathStyle" | "credentials">

const reasons: Readonly<Record<string, StoreErrorReason>> = {
  InvalidAccessKeyId: "Credentials",
  SignatureDoesNotMatch: "Credentials",
  CredentialsProviderError: "Credentials",
  TokenProviderError: "Credentials",
  InvalidToken: "Credentials",
  ExpiredToken: "Credentials",
  ExpiredTokenException: "Credentials",
  TokenRefreshRequired: "Credentials",
  MissingSecurityHeader: "Credentials",
  RequestTimeTooSkewed: "Clock",
  RequestExpired: "Clock",
  PermanentRedirect: "Region",
  AuthorizationHeaderMalformed: "Region",
  IllegalLocationConstraintException: "Region",
  InvalidLocationConstraint: "Region",
  IncorrectEndpoint: "Region",
  NoSuchBucket: "Bucket",
  InvalidBucketName: "Bucket",
  BucketAlreadyExists: "Bucket",
  NoObjectStore: "Endpoint",
  AccessDenied: "Forbidden",
  AllAccessDisabled: "Forbidden",
  AccountProblem: "Forbidden",
  // The body did not arrive as it was signed, or not in time: the way may be better next time.
  BadDigest: "Unavailable",
  XAmzContentSHA256Mismatch: "Unavailable",
  XAmzContentChecksumMismatch: "Unavailable",
  IncompleteBody: "Unavailable",
  RequestTimeout: "Unavailable",
  // Somebody else writes the same key, or removed the upload; the next attempt sees what came of it.
  ConditionalRequestConflict: "Unavailable",
  OperationAborted: "Unavailable",
  NoSuchUpload: "Unavailable",
  NoSuchKey: "Unavailable",
  InvalidPart: "Unavailable"
}

/** What kind of failure it is, by the store's code before the status of its answer. */
export const reasonOf = ({ code, status }: S3Failure): StoreErrorReason => {
  const known = reasons[code]
  if (known !== undefined) return known
  if (code === "LocalFile") return "Unavailable"
  if (status === null) return "Unreachable"
  if (status >= 500 && status !== 501 || status === 429 || status === 408) return "Unavailable"
  if (status === 301 || status === 307) return "Region"
  if (status === 401 || status === 403) return "Forbidden"
  // A store names what it does not find; what says no more than this is hardly a store, or looks for the bucket elsewhere.
  if (status === 404 || status === 405) return "Bucket"
  return "Unusable"
}

const storeName = ({ endpoint }: Where): string => endpoint === null ? "Amazon S3" : `the store at ${endpoint}`

const advise = (failure: S3Failure, reason: StoreErrorReason, where: Where): string => {
  const { bucket, credentials, endpoint, forcePathStyle, region } = where
  switch (reason) {
    case "Credentials":
      return credentials === null
        ? "set AWS_ACCESS_KEY and AWS_SECRET_KEY, or correct what the AWS SDK's own credential chain finds"
        : "correct AWS_ACCESS_KEY and AWS_SECRET_KEY"
    case "Clock":
      return "set this machine's clock, best by NTP"
    case "Region":
      return failure.region === undefined || failure.region === region
        ? `check that aws.region (${region}; AWS_REGION wins) and aws.endpoint are those of the bucket ${bucket}`
        : `the bucket ${bucket} is in ${failure.region}: write aws.region = "${failure.region}" or set AWS_REGION, now ${region}`
    case "Bucket":
      if (Object.hasOwn(reasons, failure.code)) {
        return failure.code === "BucketAlreadyExists"
          ? `the name ${bucket} belongs to somebody else: choose another aws.bucket (BUCKET_NAME wins)`
          : `check aws.bucket (${bucket}; BUCKET_NAME wins)`
      }
      return `check that aws.endpoint (${
        endpoint ?? "not set"
      }) is that of a store, aws.bucket (${bucket}; BUCKET_NAME wins), and `
        + `aws.force_path_style (${String(forcePathStyle)}; most stores other than Amazon's want true)`
    case "Forbidden":
      return `the key must be allowed s3:ListBucket on the bucket ${bucket} (aws.bucket), and s3:GetObject, s3:PutObject and `
        + "s3:AbortMultipartUpload on what is in it"
    case "Endpoint":
      return `check that aws.endpoint (${endpoint ?? "not set"}) is the address of the store's S3 interface`
    case "Unreachable":
      return isTlsTrouble(failure.code)
        ? `its certificate or protocol does not fit: check that aws.endpoint begins with the right one of http:// and https://`
        : endpoint === null
        ? `check the network and aws.region (${region})`
        : failure.code === "ENOTFOUND" && !forcePathStyle
        ? "check aws.endpoint, and write aws.force_path_style = true unless the store has a host name for each bucket"
        : "check that it runs, the network, and aws.endpoint"
    default:
      return ""
  }
}

/** The failure of a request as the reason why `key` is not stored, naming the setting to change. */
export const explain = (key: string, failure: S3Failure, where: Where): StoreError => {
  const reason = reasonOf(failure)
  if (failure.code === "LocalFile") {
    return new StoreError({ key, reason, explanation: `the file cannot be read: ${failure.text}`, cause: failure })
  }
  const advice = advise(failure, reason, where)
  if (reason === "Credentials" && failure.status === null) {
    return new StoreError({
      key,
      reason,
      explanation: `there are no credentials: ${failure.message}; ${advice}`,
      cause: failure
    })
  }
  if (reason === "Endpoint") {
    const explanation = `${storeName(where)} is no object store: ${failure.text}; ${advice}`
    return new StoreError({ key, reason, explanation, cause: failure })
  }
  const status = failure.status === null ? "" : ` (HTTP ${failure.status})`
  const verb = reason === "Unreachable" ? "cannot be reached" : "refuses"
  return new StoreError({
    key,
    reason,
    explanation: `${storeName(where)} ${verb}: ${failure.message}${status}${advice === "" ? "" : `; ${advice}`}`,
    ...(failure.retryAfterMillis === undefined ? {} : { retryAfterMillis: failure.retryAfterMillis }),
    cause: failure
  })
}
