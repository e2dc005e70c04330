import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Cause, Context, Effect, Layer, Queue, Runtime, Schema, type Scope, Stream } from "effect"
import { HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import * as Background from "../runtime/Background.ts"
import { errorText } from "../runtime/errorText.ts"
import { assess, summarize } from "./Health.ts"
import * as LiveStream from "./LiveStream.ts"
import * as MetricsRegistry from "./MetricsRegistry.ts"
import { Monitor } from "./Monitor.ts"
import * as Page from "./Page.ts"
import { RecentLog } from "./RecentLog.ts"
import { Telemetry } from "./Telemetry.ts"

/** Where to listen, and what to say of the recorder. */
export interface Options {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  readonly version: string
}

const unknownHost = "no such host is known; set http.host to an address of this machine, such as 127.0.0.1 or 0.0.0.0"

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there, maybe another recorder; set another http.port or METRICS_PORT",
  EACCES: "this user may not listen there; set an http.port or METRICS_PORT of 1024 or more",
  EADDRNOTAVAIL: "this machine has no such address; set http.host to one of its own, such as 127.0.0.1 or 0.0.0.0",
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost
}

/** What may pass by itself: the address of a private network, or whoever knows the name, may come after the start of the machine. */
const passing = new Set(["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN"])

const codeOf = (cause: unknown): string => cause instanceof Error && "code" in cause ? String(cause.code) : ""

/** Nothing can be served at the configured address. */
export class ListenError extends Schema.TaggedError<ListenError>()("ListenError", {
  host: Schema.String,
  port: Schema.Int,
  cause: Schema.Defect()
}) {
  /** EX_UNAVAILABLE or EX_CONFIG of sysexits.h. */
  override readonly [Runtime.errorExitCode] = passing.has(codeOf(this.cause)) ? 69 : 78

  override get message() {
    const { cause } = this
    const reason = advice[codeOf(cause)] ?? (cause instanceof Error ? cause.message : String(cause))
    return `metrics and health cannot be served at ${this.host}:${this.port}: ${reason}`
  }
}

/** Where metrics, health and the live page are served. */
export class Endpoint extends Context.Service<Endpoint, {
  /** Without a slash at its end. */
  readonly url: string
}>()("ticklake/Endpoint") {}

const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" }

const plain = (status: number, text: string, more: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.text(`${text}\n`, { status, headers: { ...headers, ...more } })

/** Live pages open at a time; each costs a message a second. */
const maxStreams = 32

/** Answers under way at a time: each may hold megabytes until its reader has taken them, and pipelined ones wait for each other. */
const maxAnswers = 128
const maxScrapes = 4

/** Counts the answers under way, from here until their reader has them or is gone. */
const makeTurnstile = (limit: number) => {
  let inside = 0
  return (request: HttpServerRequest.HttpServerRequest): boolean => {
    if (inside >= limit) return false
    inside++
    NodeHttpServerRequest.toServerResponse(request).once("close", () => inside--)
    return true
  }
}

const busy = (what: string) => plain(503, `too many ${what} at a time`, { "retry-after": "5", connection: "close" })

const makeRoutes = Effect.fnUntraced(function*({ version }: Options) {
  const monitor = yield* Monitor
  const telemetry = yield* Telemetry
  const recentLog = yield* RecentLog
  const page = yield* Page.load
  const registry = MetricsRegistry.make(() => {
    const evidence = monitor.evidence()
    return {
      telemetry,
      disks: evidence.disks,
      health: summarize(evidence),
      version,
      nowMillis: evidence.nowMillis,
      nodeVersion: process.versions.node
    }
  })
  let streams = 0
  const events = LiveStream.make({ monitor, telemetry, recentLog, version }).pipe(Stream.encodeText)
  // In the scope of the request: it is given back however the request ends, also where the stream never begins.
  const place = Effect.acquireRelease(
    Effect.sync(() => {
      streams++
    }),
    () =>
      Effect.sync(() => {
        streams--
      })
  )

  const entersScrape = makeTurnstile(maxScrapes)
  const metrics = (request: HttpServerRequest.HttpServerRequest) =>
    Effect.gen(function*() {
      if (!entersScrape(request)) return busy("scrapes")
      const accept = request.headers["accept"] ?? ""
      const format = accept.includes("application/openmetrics-text") ? "openmetrics" : "text"
      const body = yield* Effect.promise(() => registry.write(format))
      return HttpServerResponse.text(body, { headers, contentType: registry.contentType[format] })
    })
  const health = Effect.sync(() => {
    const answer = assess(monitor.evidence())
    return HttpServerResponse.jsonUnsafe(answer, { status: answer.status === "unhealthy" ? 503 : 200, headers })
  })
  const ready = Effect.sync(() => {
    const { phase } = telemetry.process
    return phase === "recording" ? plain(200, "ready") : plain(503, `not ready: ${phase}`)
  })
  const live = Effect.suspend(() =>
    streams >= maxStreams
      ? Effect.succeed(plain(503, "too many live pages are open", { "retry-after": "10" }))
      : Effect.as(place, HttpServerResponse.stream(events, { headers, contentType: "text/event-stream" }))
  )

  return (
    path: string,
    request: HttpServerRequest.HttpServerRequest
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, never, Scope.Scope> | null => {
    const file = page.get(path)
    if (file !== undefined) {
      const { body, contentType } = file
      return Effect.sync(() =>
        HttpServerResponse.uint8Array(body, { headers: { ...headers, ...Page.headers }, contentType })
      )
    }
    switch (path) {
      case "/metrics":
        return metrics(request)
      case "/health":
        return health
      case "/ready":
        return ready
      case "/events":
        return live
      default:
        return null
    }
  }
})

type Routes = Effect.Success<ReturnType<typeof makeRoutes>>

const answering = (routes: Routes) => {
  const enters = makeTurnstile(maxAnswers)
  return Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    if (!enters(request)) return busy("requests")
    const [path = ""] = request.url.split("?")
    const answer = routes(path, request)
    if (answer === null) return plain(404, "not found: there are /, /health, /ready and /metrics")
    if (request.method !== "GET" && request.method !== "HEAD") {
      return plain(405, "only GET and HEAD are answered", { allow: "GET, HEAD", connection: "close" })
    }
    return yield* answer
  }).pipe(Effect.catchCauseIf(
    (cause) => !Cause.hasInterruptsOnly(cause),
    (cause) =>
      Effect.as(
        Effect.logError("a bug kept a request from being answered; recording goes on", cause),
        plain(500, "a bug kept this from being answered; the recorder's log has more")
      )
  ))
}

/**
 * A server whose errors after it listens are told: a connection that cannot be taken, for want of file descriptors for
 * example, would end the process otherwise.
 */
const makeServer = Effect.gen(function*() {
  const server = createServer({
    maxHeaderSize: 16_384,
    headersTimeout: 10_000,
    requestTimeout: 10_000,
    // A connection given up to another protocol would leave the limits below, and take its place for as long as its client likes.
    shouldUpgradeCallback: () => false
  })
  // A reader that takes nothing of its answer for so long is gone; a live page is told something every second.
  server.timeout = 30_000
  // What is asked for in advance on a connection is kept until it is its turn.
  server.maxRequestsPerSocket = 100
  server.maxConnections = 128
  const errors = yield* Queue.sliding<Error>(1)
  server.on("error", (error) => {
    if (server.listening) Queue.offerUnsafe(errors, error)
  })
  const tell = Effect.flatMap(
    Queue.take(errors),
    (error) =>
      Effect.logWarning(
        `the HTTP server had trouble with a connection: ${errorText(error)}; it goes on, and so does recording`
      )
  )
  yield* Background.forkRepeated("the telling of the HTTP server's errors", tell)
  return server
})

/** Serves metrics, health and the live page. Requests that are slow to come, or too large, are ended by Node's own limits. */
export const layer = (options: Options) => {
  const { host, port } = options
  const server = Layer.unwrap(
    Effect.map(
      makeServer,
      (server) => NodeHttpServer.layerServer(() => server, { host, port, gracefulShutdownTimeout: "200 millis" })
    )
  ).pipe(
    Layer.catchTag(
      "ServeError",
      ({ cause }) => Layer.effectContext(Effect.fail(new ListenError({ host, port, cause })))
    )
  )
  const endpoint = Layer.effect(
    Endpoint,
    Effect.gen(function*() {
      const url = HttpServer.formatAddress((yield* HttpServer.HttpServer).address).replace(/\/$/, "")
      yield* Effect.logInfo(`live page, health and metrics at ${url}/`)
      return Endpoint.of({ url })
    })
  )
  // Listening comes last but for the answers themselves: a request that found none would wait for ever.
  return Layer.unwrap(
    Effect.map(
      makeRoutes(options),
      (routes) => endpoint.pipe(Layer.provide(HttpServer.serve(answering(routes))), Layer.provide(server))
    )
  )
}
