import { Deferred, Effect } from "effect"
import { createHash, randomUUID } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as holds from "./holds.ts"
import { accessKeyOf, isSignedWith } from "./signature.ts"

export type Operation =
  | "ListObjects"
  | "HeadBucket"
  | "CreateBucket"
  | "PutObject"
  | "HeadObject"
  | "GetObject"
  | "CreateMultipartUpload"
  | "UploadPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload"

/** What goes wrong with a request that is otherwise in order. */
export type Fault =
  /** Refused before it has any effect. */
  | {
    readonly kind: "status"
    readonly status: number
    readonly code: string
    readonly headers?: Record<string, string>
  }
  /** The connection ends when some of the body has arrived. */
  | { readonly kind: "resetMidBody" }
  /** It has its effect, and the connection ends in place of the answer. */
  | { readonly kind: "answerLost" }
  /** A byte of the body arrives as another. */
  | { readonly kind: "garbled" }
  /** Half of the body is kept and all of it acknowledged. */
  | { readonly kind: "truncate" }
  /** The answer tells another size. */
  | { readonly kind: "wrongSize" }
  /** Its body is read as slowly as treacle flows, and no answer comes. */
  | { readonly kind: "treacle" }
  /** It has its effect, and no answer comes. */
  | { readonly kind: "silent" }

interface StoredObject {
  readonly body: Buffer
  readonly checksum: string | null
  readonly metadata: Record<string, string>
  readonly etag: string
}

export interface Options {
  readonly accessKey: string
  readonly secretKey: string
  /** Of the buckets there are; a request signed for another region is sent there. */
  readonly region: string
  readonly buckets: ReadonlyArray<string>
  /** Buckets of somebody else. */
  readonly foreignBuckets: ReadonlyArray<string>
  /** What `If-None-Match` meets. */
  readonly conditions: "known" | "refused" | "ignored"
  /** Whether checksums are verified, kept and told. */
  readonly checksums: boolean
  /** How far its clock is before ours. */
  readonly clockAheadMillis: number
  /** False keeps the sizes and checksums of bodies alone. */
  readonly keepsBodies: boolean
  /** Objects in one answer to a listing. */
  readonly pageSize: number
}

const defaults: Options = {
  accessKey: "AKIDTICKLAKE",
  secretKey: "very-secret-indeed",
  region: "us-east-1",
  buckets: ["market-data"],
  foreignBuckets: [],
  conditions: "known",
  checksums: true,
  clockAheadMillis: 0,
  keepsBodies: true,
  pageSize: 1000
}

class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>
  constructor(status: number, code: string, headers: Record<string, string> = {}) {
    super(code)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest()

const operationOf = (method: string, key: string, query: URLSearchParams): Operation => {
  if (key === "") return method === "PUT" ? "CreateBucket" : method === "HEAD" ? "HeadBucket" : "ListObjects"
  if (method === "HEAD") return "HeadObject"
  if (method === "GET") return "GetObject"
  if (method === "DELETE") return "AbortMultipartUpload"
  if (method === "PUT") return query.has("partNumber") ? "UploadPart" : "PutObject"
  return query.has("uploads") ? "CreateMultipartUpload" : "CompleteMultipartUpload"
}

/** The part of `size` bytes that a request asks for; null for all of them. */
const rangeOf = (header: string | undefined, size: number) => {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? []
  if (from === "" && to === "") return null
  const range = from === ""
    ? { from: Math.max(0, size - Number(to)), to: size }
    : { from: Number(from), to: to === "" ? size : Math.min(size, Number(to) + 1) }
  if (range.from >= range.to) throw new Refusal(416, "InvalidRange")
  return range
}

/** A small S3 on loopback, with faults on demand: what it holds and what it was asked is open to the test. */
export const make = Effect.fnUntraced(function*(given: Partial<Options> = {}) {
  const options = { ...defaults, ...given }
  const buckets = new Map(options.buckets.map((name) => [name, new Map<string, StoredObject>()]))
  const locations = new Map<string, string>()
  const uploads = new Map<string, { metadata: Record<string, string>; parts: Map<number, StoredObject> }>()
  const requests: Array<Operation> = []
  const served: Array<number> = []
  const faults: Array<{ readonly operation: Operation; readonly fault: Fault; times: number }> = []
  const waiters: Array<{ readonly operation: Operation; readonly deferred: Deferred.Deferred<void> }> = []
  const open = new Set<IncomingMessage>()
  const holding = holds.make()

  const refuseUnsigned = (request: IncomingMessage) => {
    if (accessKeyOf(request) !== options.accessKey) throw new Refusal(403, "InvalidAccessKeyId")
    if (!isSignedWith(request, options.secretKey)) throw new Refusal(403, "SignatureDoesNotMatch")
    const [, , region] = /Credential=([^,\s]+)/.exec(request.headers.authorization ?? "")?.[1]?.split("/") ?? []
    if (region !== options.region) {
      throw new Refusal(301, "PermanentRedirect", { "x-amz-bucket-region": options.region })
    }
    const stamp = String(request.headers["x-amz-date"])
      .replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z")
    if (Math.abs(Date.parse(stamp) - (Date.now() + options.clockAheadMillis)) > 900_000) {
      throw new Refusal(403, "RequestTimeTooSkewed")
    }
  }

  const verify = (request: IncomingMessage, body: Buffer): string | null => {
    const signed = String(request.headers["x-amz-content-sha256"])
    if (/^[0-9a-f]{64}$/.test(signed) && signed !== sha256(body).toString("hex")) {
      throw new Refusal(400, "XAmzContentSHA256Mismatch")
    }
    if (!options.checksums) return null
    const checksum = request.headers["x-amz-checksum-sha256"]
    if (checksum !== undefined && checksum !== sha256(body).toString("base64")) throw new Refusal(400, "BadDigest")
    return typeof checksum === "string" ? checksum : null
  }

  const objectOf = (request: IncomingMessage, body: Buffer, checksum: string | null): StoredObject => ({
    body: options.keepsBodies ? body : Buffer.alloc(0),
    checksum,
    metadata: Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) =>
        name.startsWith("x-amz-meta-") ? [[name.slice(11), String(value)]] : []
      )
    ),
    etag: `"${createHash("md5").update(body).digest("hex")}"`
  })
  const sizes = new WeakMap<StoredObject, number>()
  const sizeOf = (object: StoredObject) => sizes.get(object) ?? object.body.length

  const refuseTaken = (request: IncomingMessage, objects: Map<string, StoredObject>, key: string) => {
    if (request.headers["if-none-match"] === undefined || options.conditions === "ignored") return
    if (options.conditions === "refused") throw new Refusal(501, "NotImplemented")
    if (objects.has(key)) throw new Refusal(412, "PreconditionFailed")
  }

  interface Answer {
    readonly status: number
    readonly headers?: Record<string, string>
    readonly body?: string | Buffer
    readonly size?: number
  }

  const answer = (
    operation: Operation,
    request: IncomingMessage,
    url: URL,
    received: Buffer,
    fault: Fault | undefined
  ): Answer => {
    const [, bucket = "", ...rest] = url.pathname.split("/")
    const key = decodeURIComponent(rest.join("/"))
    refuseUnsigned(request)
    if (options.foreignBuckets.includes(bucket)) {
      throw operation === "CreateBucket" ? new Refusal(409, "BucketAlreadyExists") : new Refusal(403, "AccessDenied")
    }
    const checksum = verify(request, received)
    const body = fault?.kind === "truncate" ? received.subarray(0, received.length / 2) : received
    if (operation === "CreateBucket") {
      if (buckets.has(bucket)) throw new Refusal(409, "BucketAlreadyOwnedByYou")
      const location = /<LocationConstraint[^>]*>([^<]*)</.exec(body.toString())?.[1] ?? "us-east-1"
      if (location !== options.region || location === "us-east-1" && body.length > 0) {
        throw new Refusal(400, "IllegalLocationConstraintException")
      }
      buckets.set(bucket, new Map())
      locations.set(bucket, location)
      return { status: 200 }
    }
    const objects = buckets.get(bucket)
    if (objects === undefined) throw new Refusal(404, "NoSuchBucket")
    const uploadId = url.searchParams.get("uploadId") ?? ""
    switch (operation) {
      case "HeadBucket":
        return { status: 200 }
      case "ListObjects": {
        const after = url.searchParams.get("continuation-token") ?? ""
        const keys = [...objects.keys()].toSorted().filter((each) =>
          each.startsWith(url.searchParams.get("prefix") ?? "") && each > after
        )
        const page = keys.slice(0, Math.min(options.pageSize, Number(url.searchParams.get("max-keys") ?? 1000)))
        const contents = page.map((each) => {
          const object = objects.get(each)
          return `<Contents><Key>${each}</Key><Size>${object === undefined ? 0 : sizeOf(object)}</Size></Contents>`
        })
        const truncated = page.length < keys.length
        const next = truncated ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ""
        return {
          status: 200,
          body: `<ListBucketResult><IsTruncated>${truncated}</IsTruncated>${next}${
            contents.join("")
          }</ListBucketResult>`
        }
      }
      case "PutObject": {
        refuseTaken(request, objects, key)
        const object = objectOf(request, body, fault?.kind === "truncate" ? null : checksum)
        sizes.set(object, body.length)
        objects.set(key, object)
        return { status: 200, headers: { etag: object.etag } }
      }
      case "HeadObject":
      case "GetObject": {
        const object = objects.get(key)
        if (object === undefined) throw new Refusal(404, "NoSuchKey")
        const size = sizeOf(object) - (fault?.kind === "wrongSize" ? 1 : 0)
        const range = operation === "GetObject" ? rangeOf(request.headers.range, size) : null
        if (operation === "GetObject") served.push(range === null ? size : range.to - range.from)
        return {
          status: range === null ? 200 : 206,
          headers: {
            etag: object.etag,
            ...(range === null ? {} : { "content-range": `bytes ${range.from}-${range.to - 1}/${size}` }),
            ...(object.checksum === null || request.headers["x-amz-checksum-mode"] === undefined
              ? {}
              : { "x-amz-checksum-sha256": object.checksum }),
            ...Object.fromEntries(Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]))
          },
          body: range === null ? object.body : object.body.subarray(range.from, range.to),
          size: range === null ? size : range.to - range.from
        }
      }
      case "CreateMultipartUpload": {
        const id = randomUUID()
        uploads.set(id, { metadata: objectOf(request, body, null).metadata, parts: new Map() })
        return {
          status: 200,
          body: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`
        }
      }
      case "AbortMultipartUpload":
        if (!uploads.delete(uploadId)) throw new Refusal(404, "NoSuchUpload")
        return { status: 204 }
      case "UploadPart": {
        const upload = uploads.get(uploadId)
        if (upload === undefined) throw new Refusal(404, "NoSuchUpload")
        const part = objectOf(request, body, checksum)
        sizes.set(part, body.length)
        upload.parts.set(Number(url.searchParams.get("partNumber")), part)
        return {
          status: 200,
          headers: { etag: part.etag, ...(checksum === null ? {} : { "x-amz-checksum-sha256": checksum }) }
        }
      }
      case "CompleteMultipartUpload": {
        const upload = uploads.get(uploadId)
        if (upload === undefined) throw new Refusal(404, "NoSuchUpload")
        refuseTaken(request, objects, key)
        const named = [...received.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map((match) =>
          Number(match[1])
        )
        const parts = named.map((number) => {
          const part = upload.parts.get(number)
          if (part === undefined) throw new Refusal(400, "InvalidPart")
          return part
        })
        uploads.delete(uploadId)
        const digests = parts.flatMap((part) => part.checksum === null ? [] : [Buffer.from(part.checksum, "base64")])
        const object: StoredObject = {
          body: Buffer.concat(parts.map((part) => part.body)),
          checksum: digests.length < parts.length
            ? null
            : `${sha256(Buffer.concat(digests)).toString("base64")}-${parts.length}`,
          metadata: upload.metadata,
          etag: `"parts-${parts.length}"`
        }
        sizes.set(object, parts.reduce((sum, part) => sum + sizeOf(part), 0))
        objects.set(key, object)
        return { status: 200, body: "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>" }
      }
    }
  }

  const write = (response: ServerResponse, head: boolean, { status, headers = {}, body = "", size }: Answer) => {
    response.writeHead(status, {
      date: new Date(Date.now() + options.clockAheadMillis).toUTCString(),
      ...headers,
      "content-length": String(size ?? Buffer.byteLength(body))
    })
    response.end(head ? undefined : body)
  }

  const faultOf = (operation: Operation): Fault | undefined => {
    const found = faults.find((each) => each.operation === operation && each.times > 0)
    if (found !== undefined) found.times--
    return found?.fault
  }

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://x")
    const head = request.method === "HEAD"
    const [, bucket = "", ...segments] = url.pathname.split("/").map(decodeURIComponent)
    const key = segments.join("/")
    const operation = operationOf(request.method ?? "", key, url.searchParams)
    requests.push(operation)
    const held = holding.begin(operation, key, buckets.get(bucket)?.has(key) === true)
    const fault = faultOf(operation)
    const reached = waiters.filter((waiter) => waiter.operation === operation)
    for (const waiter of reached) Deferred.doneUnsafe(waiter.deferred, Effect.void)
    try {
      await held.pass("request")
      if (fault?.kind === "treacle") {
        for await (const _ of request) await new Promise((resolve) => setTimeout(resolve, 20))
        return
      }
      if (fault?.kind === "status") {
        // Read first, or the client may see its connection end before it sees the answer.
        for await (const _ of request);
        throw new Refusal(fault.status, fault.code, fault.headers)
      }
      const chunks: Array<Buffer> = []
      for await (const chunk of request) {
        chunks.push(Buffer.from(chunk))
        if (fault?.kind === "resetMidBody") return void request.socket.resetAndDestroy()
      }
      if (fault?.kind === "garbled") chunks[0]?.writeUInt8(chunks[0].readUInt8(0) ^ 1, 0)
      await held.pass("body")
      const given = answer(operation, request, url, Buffer.concat(chunks), fault)
      await held.pass("answer")
      if (fault?.kind === "answerLost") return void request.socket.resetAndDestroy()
      if (fault?.kind === "silent") return
      write(response, head, given)
      held.answered()
    } catch (error) {
      if (!(error instanceof Refusal) || fault?.kind === "answerLost") return void request.socket.destroy()
      // As Amazon does, the refusal repeats the id of the key, which must not get into a log.
      const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${error.code}</Code><Message>refused</Message>`
        + `<AWSAccessKeyId>${
          accessKeyOf(request)
        }</AWSAccessKeyId><StringToSign>${request.headers.authorization}</StringToSign></Error>`
      await held.pass("answer")
      write(response, head, { status: error.status, headers: error.headers, body })
      held.answered()
    }
  }

  const server = createServer((request, response) => {
    open.add(request)
    response.on("close", () => open.delete(request))
    void serve(request, response)
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const { port } = server.address() as AddressInfo

  return {
    endpoint: `http://127.0.0.1:${port}`,
    options,
    requests,
    /** Bytes of each answer to a request for an object, or for a part of one. */
    served,
    uploads,
    /** Where buckets were created. */
    locations,
    /** Requests that are neither answered nor ended. */
    open,
    objects: (bucket = "market-data") => buckets.get(bucket) ?? new Map<string, StoredObject>(),
    place: (key: string, body: Uint8Array, bucket = "market-data") => {
      if (!buckets.has(bucket)) buckets.set(bucket, new Map())
      buckets.get(bucket)?.set(key, { body: Buffer.from(body), checksum: null, metadata: {}, etag: "\"placed\"" })
    },
    /** Lets the next `times` requests of one kind meet a fault. */
    fail: (operation: Operation, fault: Fault, times = 1) => {
      faults.push({ operation, fault, times })
    },
    /** Stops one request at a step. */
    hold: holding.hold,
    heal: () => {
      faults.length = 0
    },
    /** Waits for the next request of one kind. */
    reached: (operation: Operation) =>
      Effect.suspend(() => {
        const waiter = { operation, deferred: Deferred.makeUnsafe<void>() }
        waiters.push(waiter)
        return Deferred.await(waiter.deferred)
      })
  }
})

export type S3StandIn = Effect.Success<ReturnType<typeof make>>
