import { S3ServiceException } from "@aws-sdk/client-s3"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, FileSystem, Layer, Logger, Redacted, type Scope } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { inspect } from "node:util"
import { vi } from "vitest"
import { ObjectStore, type StoreErrorReason } from "../../src/upload/ObjectStore.ts"
import type { S3Options } from "../../src/upload/s3/S3Options.ts"
import * as S3Store from "../../src/upload/S3Store.ts"
import { explain } from "../../src/upload/s3/explain.ts"
import { fromThrown } from "../../src/upload/s3/S3Failure.ts"
import { until } from "../until.ts"
import { objectStoreSuite } from "./objectStoreSuite.ts"
import * as s3StandIn from "./s3StandIn.ts"
import { webServer } from "./webServer.ts"

const partBytes = 5 * 1024 * 1024

const storeOf = (server: s3StandIn.S3StandIn, options: Partial<S3Options> = {}) =>
  S3Store.layer({
    region: "us-east-1",
    bucket: "market-data",
    endpoint: server.endpoint,
    forcePathStyle: true,
    credentials: {
      accessKeyId: Redacted.make(server.options.accessKey),
      secretAccessKey: Redacted.make(server.options.secretKey)
    },
    ...options
  }).pipe(Layer.provide(NodeServices.layer))

const subject = (given: Partial<s3StandIn.Options>, options: Partial<S3Options> = {}) =>
  Effect.map(s3StandIn.make(given), (server) => ({
    layer: storeOf(server, options),
    keys: Effect.sync(() => [...server.objects().keys()]),
    read: (key: string) => Effect.sync(() => server.objects().get(key)?.body ?? assert.fail(`no ${key}`)),
    place: (key: string, bytes: Uint8Array) => Effect.sync(() => server.place(key, bytes))
  }))

const inParts = { multipartFromBytes: 2, partBytes }

objectStoreSuite("S3", subject({}))
objectStoreSuite("S3 in parts", subject({}, inParts), [1, partBytes, partBytes + 1, 2 * partBytes + 777])
objectStoreSuite("S3 without conditions", subject({ conditions: "refused" }))
objectStoreSuite("S3 without checksums", subject({ checksums: false }))
objectStoreSuite("S3 without checksums, in parts", subject({ checksums: false }, inParts), [partBytes + 1])
objectStoreSuite("S3 with a bucket yet to be made", subject({ buckets: [] }))

const key = "okx/btcusdt/orderbook/2026-03-14/1.parquet"

interface Setting {
  readonly server?: Partial<s3StandIn.Options>
  readonly store?: Partial<S3Options>
  readonly bytes?: number
}

/** A server, one file, and the store between them, whose log lines are kept. */
const setUp = Effect.fnUntraced(function*({ bytes = 5000, server: given = {}, store = {} }: Setting = {}) {
  const fs = yield* FileSystem.FileSystem
  const server = yield* s3StandIn.make(given)
  const localPath = `${yield* fs.makeTempDirectoryScoped()}/sealed.parquet`
  const content = randomBytes(bytes)
  yield* fs.writeFile(localPath, content)
  const lines: Array<string> = []
  const logger = Logger.layer([
    Logger.make(({ cause, logLevel, message }) => {
      lines.push(`${logLevel} ${String(message)} ${Cause.pretty(cause)}`)
    })
  ])
  const context = yield* Layer.build(storeOf(server, store).pipe(Layer.provideMerge(logger)))
  // The look at the bucket is over before a test asks for faults.
  yield* until(() => lines.some((line) => line.includes("sealed files go to") || line.includes("cannot be used now")))
  server.requests.length = 0
  const put = Effect.flatMap(ObjectStore, (store) => store.put(key, localPath)).pipe(Effect.provide(context))
  /** As a later attempt would, and with time enough on a busy machine. */
  const putAgain = Effect.flatMap(ObjectStore, (store) => store.put(key, localPath)).pipe(
    Effect.provide(storeOf(server, { ...store, requestTimeoutMillis: 30_000 }).pipe(Layer.provideMerge(logger)))
  )
  const holdsIt = () => {
    assert.isTrue(content.equals(server.objects().get(key)?.body ?? assert.fail("the object is not there")))
    assert.strictEqual(server.objects().size, 1)
    assert.strictEqual(server.uploads.size, 0)
  }
  return { fs, server, localPath, content, lines, put, putAgain, holdsIt }
})

/** Little where no answer will come, and plenty elsewhere. */
const patienceFor = ({ kind }: s3StandIn.Fault) =>
  kind === "treacle" || kind === "silent" ? { requestTimeoutMillis: 500, slowestBytesPerSecond: 1e9 } : {}

const live = (name: string, test: () => Effect.Effect<void, unknown, FileSystem.FileSystem | Scope.Scope>) =>
  it.live(name, () => Effect.provide(test(), NodeServices.layer))

describe("S3Store", () => {
  describe("a fault is told, nothing is taken for stored, and the next attempt stores the file once", () => {
    const refused = (status: number, code: string, headers: Record<string, string> = {}): s3StandIn.Fault => ({
      kind: "status",
      status,
      code,
      headers
    })
    const cases: ReadonlyArray<readonly [string, s3StandIn.Operation, s3StandIn.Fault, StoreErrorReason, number?]> = [
      ["500 to PUT", "PutObject", refused(500, "InternalError"), "Unavailable"],
      ["503 to PUT", "PutObject", refused(503, "SlowDown"), "Unavailable"],
      ["500 to HEAD", "HeadObject", refused(500, ""), "Unavailable"],
      ["429 to PUT", "PutObject", refused(429, "TooManyRequests"), "Unavailable"],
      ["reset mid-body", "PutObject", { kind: "resetMidBody" }, "Unreachable"],
      ["answer to PUT lost", "PutObject", { kind: "answerLost" }, "Unreachable"],
      ["answer to HEAD lost", "HeadObject", { kind: "answerLost" }, "Unreachable"],
      ["PUT as slow as treacle", "PutObject", { kind: "treacle" }, "Unreachable"],
      ["PUT that is never answered", "PutObject", { kind: "silent" }, "Unreachable"],
      ["HEAD that is never answered", "HeadObject", { kind: "treacle" }, "Unreachable"],
      ["HEAD with a wrong size", "HeadObject", { kind: "wrongSize" }, "Unproven", 2],
      ["conflicting writes", "PutObject", refused(409, "ConditionalRequestConflict"), "Unavailable"]
    ]
    for (const [name, operation, fault, reason, times = 1] of cases) {
      live(name, () =>
        Effect.gen(function*() {
          const { holdsIt, put, putAgain, server } = yield* setUp({ store: patienceFor(fault) })
          server.fail(operation, fault, times)
          const error = yield* Effect.flip(put)
          assert.strictEqual(error.reason, reason)
          assert.isTrue(error.retryable)
          yield* until(() => server.open.size === 0)
          server.heal()
          assert.strictEqual((yield* putAgain).bytes, 5000)
          holdsIt()
        }))
    }

    const partCases: ReadonlyArray<readonly [string, s3StandIn.Operation, s3StandIn.Fault, StoreErrorReason]> = [
      ["500 to the beginning", "CreateMultipartUpload", refused(500, "InternalError"), "Unavailable"],
      ["503 to a part", "UploadPart", refused(503, "SlowDown"), "Unavailable"],
      ["reset within a part", "UploadPart", { kind: "resetMidBody" }, "Unreachable"],
      ["a part as slow as treacle", "UploadPart", { kind: "treacle" }, "Unreachable"],
      ["answer to the end lost", "CompleteMultipartUpload", { kind: "answerLost" }, "Unreachable"],
      ["500 to the end", "CompleteMultipartUpload", refused(500, "InternalError"), "Unavailable"]
    ]
    for (const [name, operation, fault, reason] of partCases) {
      live(`in parts: ${name}`, () =>
        Effect.gen(function*() {
          const { holdsIt, put, putAgain, server } = yield* setUp({
            bytes: 3 * partBytes + 1,
            store: { ...inParts, ...patienceFor(fault) }
          })
          server.fail(operation, fault)
          assert.strictEqual((yield* Effect.flip(put)).reason, reason)
          assert.strictEqual(server.uploads.size, 0)
          server.heal()
          assert.strictEqual((yield* putAgain).bytes, 3 * partBytes + 1)
          holdsIt()
        }))
    }
  })

  live("does not send a file again whose storing was not heard of", () =>
    Effect.gen(function*() {
      const { holdsIt, put, server } = yield* setUp()
      server.fail("PutObject", { kind: "answerLost" })
      yield* Effect.flip(put)
      yield* put
      assert.deepStrictEqual(server.requests, ["HeadObject", "PutObject", "HeadObject"])
      holdsIt()
    }))

  live("asks for the object twice and sends the file once", () =>
    Effect.gen(function*() {
      const { holdsIt, put, server } = yield* setUp()
      yield* put
      assert.deepStrictEqual(server.requests, ["HeadObject", "PutObject", "HeadObject"])
      holdsIt()
    }))

  for (const checksums of [true, false]) {
    live(
      `a body that arrives otherwise is refused, also by a store that keeps no checksums: ${String(checksums)}`,
      () =>
        Effect.gen(function*() {
          for (
            const [operation, bytes] of [["PutObject", 5000], ["UploadPart", 2 * partBytes]] as const
          ) {
            const { holdsIt, put, server } = yield* setUp({
              bytes,
              server: { checksums },
              store: { multipartFromBytes: partBytes, partBytes }
            })
            server.fail(operation, { kind: "garbled" })
            const error = yield* Effect.flip(put)
            assert.strictEqual(error.reason, "Unavailable")
            assert.include(error.message, "XAmzContentSHA256Mismatch")
            assert.strictEqual(server.objects().size, 0)
            yield* put
            holdsIt()
          }
        })
    )
  }

  live("sends two parts at a time", () =>
    Effect.gen(function*() {
      const { holdsIt, put, server } = yield* setUp({ bytes: 4 * partBytes, store: inParts })
      const two = [1, 2].map(() => server.hold({ operation: "UploadPart", stage: "answer", key }))
      const fiber = yield* Effect.forkChild(put)
      yield* Effect.forEach(two, ({ reached }) => reached)
      assert.strictEqual(server.requests.filter((each) => each === "UploadPart").length, 2)
      for (const { release } of two) release()
      yield* Fiber.join(fiber)
      holdsIt()
    }))

  live("without a key in the configuration the SDK looks for one by itself", () =>
    Effect.gen(function*() {
      const names = { AWS_ACCESS_KEY_ID: "AKIDTICKLAKE", AWS_SECRET_ACCESS_KEY: "very-secret-indeed" }
      for (const [name, value] of Object.entries(names)) vi.stubEnv(name, value)
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.unstubAllEnvs()))
      const { holdsIt, put } = yield* setUp({ store: { credentials: null } })
      yield* put
      holdsIt()
    }))

  live("stops at the first part that fails", () =>
    Effect.gen(function*() {
      const { put, server } = yield* setUp({ bytes: 8 * partBytes, store: inParts })
      server.fail("UploadPart", { kind: "status", status: 500, code: "InternalError" })
      yield* Effect.flip(put)
      assert.isAtMost(server.requests.filter((each) => each === "UploadPart").length, 4)
    }))

  live("accepted but truncated is never taken for stored, nor overwritten", () =>
    Effect.gen(function*() {
      const { put, server } = yield* setUp()
      server.fail("PutObject", { kind: "truncate" })
      assert.strictEqual((yield* Effect.flip(put)).reason, "Unproven")
      const error = yield* Effect.flip(put)
      assert.strictEqual(error.reason, "Conflict")
      assert.include(error.message, "2500 bytes")
      assert.strictEqual(server.objects().get(key)?.body.length, 2500)
    }))

  live(
    "what is there with the same size and other content is not taken for stored, whatever is written beside it",
    () =>
      Effect.gen(function*() {
        const { content, put, server } = yield* setUp()
        const other = randomBytes(5000)
        const claim = { sha256: createHash("sha256").update(content).digest("hex") }
        const checksum = createHash("sha256").update(other).digest("base64")
        server.objects().set(key, { body: other, checksum, metadata: claim, etag: "" })
        assert.strictEqual((yield* Effect.flip(put)).reason, "Conflict")
      })
  )

  live("the key taken between the look and the write: 412, and what is there decides", () =>
    Effect.gen(function*() {
      const { content, holdsIt, put, server } = yield* setUp()
      server.place(key, content)
      server.fail("HeadObject", { kind: "status", status: 404, code: "" })
      assert.strictEqual((yield* put).bytes, 5000)
      holdsIt()
      server.place(key, randomBytes(5000))
      server.fail("HeadObject", { kind: "status", status: 404, code: "" })
      assert.strictEqual((yield* Effect.flip(put)).reason, "Conflict")
      assert.strictEqual(server.requests.filter((each) => each === "PutObject").length, 2)
    }))

  live("says once that a store knows no conditions, and goes on", () =>
    Effect.gen(function*() {
      const { lines, put, server } = yield* setUp({ server: { conditions: "refused" } })
      yield* put
      server.objects().clear()
      yield* put
      assert.strictEqual(lines.filter((line) => line.startsWith("Warn") && line.includes("If-None-Match")).length, 1)
      assert.strictEqual(server.requests.filter((each) => each === "PutObject").length, 3)
    }))

  live("honours Retry-After", () =>
    Effect.gen(function*() {
      const { put, server } = yield* setUp()
      server.fail("PutObject", { kind: "status", status: 503, code: "SlowDown", headers: { "retry-after": "17" } })
      assert.strictEqual((yield* Effect.flip(put)).retryAfterMillis, 17_000)
    }))

  describe("what people have to change is named", () => {
    const someone = { accessKeyId: Redacted.make("AKIDSOMEONE"), secretAccessKey: Redacted.make("hunter2hunter2") }
    const cases: ReadonlyArray<readonly [string, Setting, StoreErrorReason, ReadonlyArray<string>]> = [
      ["an unknown key", { store: { credentials: someone } }, "Credentials", ["AWS_ACCESS_KEY", "InvalidAccessKeyId"]],
      [
        "a wrong secret",
        { store: { credentials: { ...someone, accessKeyId: Redacted.make("AKIDTICKLAKE") } } },
        "Credentials",
        ["AWS_SECRET_KEY", "SignatureDoesNotMatch"]
      ],
      ["another region", { server: { region: "eu-west-3" } }, "Region", ["aws.region = \"eu-west-3\"", "AWS_REGION"]],
      [
        "a bucket of somebody else",
        { server: { foreignBuckets: ["market-data"] } },
        "Forbidden",
        ["aws.bucket", "s3:PutObject", "AccessDenied"]
      ],
      ["the wrong protocol", { store: { endpoint: "tls" } }, "Unreachable", ["aws.endpoint", "https://"]],
      ["nobody there", { store: { endpoint: "http://127.0.0.1:1" } }, "Unreachable", ["aws.endpoint", "ECONNREFUSED"]]
    ]
    for (const [name, setting, reason, words] of cases) {
      live(name, () =>
        Effect.gen(function*() {
          const { server } = yield* setUp()
          const endpoint = setting.store?.endpoint === "tls" ? server.endpoint.replace("http:", "https:") : undefined
          const { lines, put } = yield* setUp({
            ...setting,
            store: { ...setting.store, ...(endpoint === undefined ? {} : { endpoint }) }
          })
          const error = yield* Effect.flip(put)
          assert.strictEqual(error.reason, reason)
          for (const word of words) assert.include(error.message, word)
          // Known at the start, long before the first file is sealed.
          assert.isTrue(lines.some((line) => line.startsWith("Error") && words.every((word) => line.includes(word))))
          const told = `${lines.join("\n")}${inspect(error, { depth: 9 })}${
            inspect(error.cause, { depth: 9, showHidden: true })
          }`
          for (const secret of ["AKIDSOMEONE", "hunter2", "AKIDTICKLAKE", server.options.secretKey]) {
            assert.notInclude(told, secret)
          }
        }))
    }

    for (
      const [name, status, body] of [
        ["a web server in place of a store", 404, "<html><body>Not Found</body></html>"],
        ["a server that knows no PUT", 405, ""]
      ] as const
    ) {
      live(name, () =>
        Effect.gen(function*() {
          const endpoint = yield* webServer(status, body)
          const { lines, put } = yield* setUp({ store: { endpoint } })
          const error = yield* Effect.flip(put)
          assert.strictEqual(error.reason, "Bucket")
          assert.isFalse(error.retryable)
          const words = [
            `aws.endpoint (${endpoint})`,
            "aws.bucket (market-data; BUCKET_NAME wins)",
            "aws.force_path_style (true"
          ]
          for (const word of words) {
            assert.include(error.message, word)
            assert.isTrue(lines.some((line) => line.startsWith("Error") && line.includes(word)))
          }
        }))
    }

    for (
      const [name, body, headers] of [
        ["a web server that has a page for everything", "<html><body>Welcome</body></html>", {}],
        ["one that marks its pages", "<html><body>Welcome</body></html>", { etag: "\"page\"" }],
        ["one that says nothing", "", { "content-type": "application/octet-stream" }],
        ["one whose pages are no XML", "<html><br>Welcome", {}]
      ] as const
    ) {
      live(name, () =>
        Effect.gen(function*() {
          const endpoint = yield* webServer(200, body, headers)
          const { lines, put } = yield* setUp({ store: { endpoint } })
          const error = yield* Effect.flip(put)
          assert.strictEqual(error.reason, "Endpoint", error.message)
          assert.isFalse(error.retryable)
          const words = `check that aws.endpoint (${endpoint}) is the address`
          assert.include(error.message, words)
          assert.isTrue(lines.some((line) => line.startsWith("Error") && line.includes(words)), lines.join())
        }))
    }

    live("a host name for each bucket where the store has none", () =>
      Effect.gen(function*() {
        const { put } = yield* setUp({ store: { endpoint: "http://ticklake.invalid:9", forcePathStyle: false } })
        const { message } = yield* Effect.flip(put)
        assert.include(message, "aws.force_path_style = true")
      }))

    it("what a store sends back of the request that it was sent, but for what that was signed with", () => {
      const sent = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/us-east-1/s3/aws4_request, SignedHeaders=host, "
        + "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
      const message =
        `not valid: ${sent} &X-Amz-Security-Token=FQoGZXIvYXdzEXAMPLE <AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId>`
      const failure = fromThrown(
        new S3ServiceException({ name: "InvalidAccessKeyId", message, $fault: "client", $metadata: {} }),
        0
      )
      for (const text of [failure.message, String(failure.cause)]) {
        assert.include(text, "not valid: AWS4-HMAC-SHA256 Credential=[...], SignedHeaders=host, Signature=[...] ")
        assert.notMatch(text, /AKID|5d672|FQoG/)
      }
    })

    it("no credentials anywhere", () => {
      const nowhere = new Error("Could not load credentials from any providers")
      nowhere.name = "CredentialsProviderError"
      const noFile = Object.assign(new Error("ENOENT: no such file or directory, open '/token'"), {
        code: "ENOENT",
        syscall: "open"
      })
      const where = {
        region: "us-east-1",
        bucket: "market-data",
        endpoint: null,
        forcePathStyle: false,
        credentials: null
      }
      for (const thrown of [nowhere, noFile]) {
        const error = explain("a", fromThrown(thrown, 0), where)
        assert.strictEqual(error.reason, "Credentials")
        for (
          const word of [thrown.message, "set AWS_ACCESS_KEY and AWS_SECRET_KEY", "the AWS SDK's own credential chain"]
        ) {
          assert.include(error.message, word)
        }
        assert.notMatch(error.message, /refuses|cannot be reached/)
      }
    })

    live("a clock that is wrong: corrected by the store's, or named", () =>
      Effect.gen(function*() {
        const { holdsIt, put } = yield* setUp({ server: { clockAheadMillis: 3_600_000 } })
        yield* put
        holdsIt()
        const other = yield* setUp()
        other.server.fail("HeadObject", { kind: "status", status: 403, code: "RequestTimeTooSkewed" })
        other.server.fail("GetObject", { kind: "status", status: 403, code: "RequestTimeTooSkewed" })
        const error = yield* Effect.flip(other.put)
        assert.strictEqual(error.reason, "Clock")
        assert.include(error.message, "clock")
      }))

    live("a bucket that is missing and may not be created, or has been taken", () =>
      Effect.gen(function*() {
        for (
          const [status, code, words] of [[403, "AccessDenied", "s3:CreateBucket"], [
            409,
            "BucketAlreadyExists",
            "BUCKET_NAME"
          ]] as const
        ) {
          const { lines, put, server } = yield* setUp()
          server.fail("PutObject", { kind: "status", status: 404, code: "NoSuchBucket" })
          server.fail("CreateBucket", { kind: "status", status, code })
          const error = yield* Effect.flip(put)
          assert.strictEqual(error.reason, "Bucket")
          assert.include(error.message, words)
          assert.isFalse(lines.some((line) => line.startsWith("Error")))
        }
      }))
  })

  live("creates the bucket where it is missing, in its region", () =>
    Effect.gen(function*() {
      for (const region of ["us-east-1", "eu-west-3"]) {
        const { holdsIt, put, server } = yield* setUp({ server: { buckets: [], region }, store: { region } })
        yield* put
        assert.deepStrictEqual([...server.locations], [["market-data", region]])
        holdsIt()
      }
    }))

  describe("interruption ends the request at once, leaves nothing half, and may be followed by another attempt", () => {
    const points: ReadonlyArray<readonly [s3StandIn.Operation, number]> = [
      ["HeadObject", 5000],
      ["PutObject", 5000],
      ["CreateMultipartUpload", 3 * partBytes],
      ["UploadPart", 3 * partBytes],
      ["CompleteMultipartUpload", 3 * partBytes]
    ]
    for (const [operation, bytes] of points) {
      for (const kind of ["treacle", "silent"] as const) {
        live(`${operation}, ${kind}`, () =>
          Effect.gen(function*() {
            const { holdsIt, put, server } = yield* setUp({
              bytes,
              store: { multipartFromBytes: partBytes, partBytes }
            })
            server.fail(operation, { kind }, 2)
            const reached = yield* Effect.forkChild(server.reached(operation), { startImmediately: true })
            const fiber = yield* Effect.forkChild(put)
            yield* Fiber.join(reached)
            yield* Fiber.interrupt(fiber)
            assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
            yield* until(() => server.open.size === 0)
            server.heal()
            // An upload whose number was never heard of is left to the store's own tidying.
            if (operation === "CreateMultipartUpload") server.uploads.clear()
            yield* put
            holdsIt()
          }))
      }
    }

    live(
      "a store that is stuck also when the parts are to be removed costs no more than their limit",
      () =>
        Effect.gen(function*() {
          const { lines, put, server } = yield* setUp({ bytes: 3 * partBytes, store: inParts })
          server.fail("UploadPart", { kind: "treacle" }, 2)
          server.fail("AbortMultipartUpload", { kind: "treacle" })
          const reached = yield* Effect.forkChild(server.reached("UploadPart"), { startImmediately: true })
          const fiber = yield* Effect.forkChild(put)
          yield* Fiber.join(reached)
          yield* Fiber.interrupt(fiber).pipe(Effect.timeout("10 seconds"))
          assert.isTrue(lines.some((line) => line.startsWith("Warn") && line.includes("could not be removed")))
        })
    )
  })
})
