import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Runtime } from "effect"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { once } from "node:events"
import { type IncomingMessage, request } from "node:http"
import { connect, type Server } from "node:net"
import * as Feed from "../../src/domain/Feed.ts"
import { ListenError } from "../../src/telemetry/HttpServer.ts"
import type { Phase } from "../../src/telemetry/ProcessStats.ts"
import { environment, world } from "../endToEnd/harness.ts"
import { until } from "../until.ts"
import * as s3StandIn from "../upload/s3StandIn.ts"
import { serve } from "./server.ts"

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

const ask = (url: string, init: RequestInit = {}) =>
  Effect.promise(async (): Promise<Answer> => {
    const response = await fetch(url, init)
    return { status: response.status, headers: response.headers, body: await response.text() }
  })

/** An open answer, its body not read to its end; closed with the test at the latest. */
const open = (url: string) =>
  Effect.acquireRelease(
    Effect.callback<IncomingMessage>((resume) => {
      const asked = request(url, { agent: false }, (answer) => {
        answer.on("error", () => {})
        answer.resume()
        resume(Effect.succeed(answer))
      })
      asked.on("error", (error) => resume(Effect.die(error)))
      asked.end()
    }),
    (answer) => Effect.sync(() => answer.destroy())
  )

/** Live pages open at a time. */
const places = 32

const openAll = (url: string) =>
  Effect.forEach(Array.from({ length: places }), () => open(url), { concurrency: "unbounded" })

const statusOf = (url: string) =>
  Effect.map(open(url), (answer) => {
    answer.destroy()
    return answer.statusCode
  })

/** Waits until a stream is given again, which takes its place for a moment only. */
const untilGiven = (url: string) => Effect.repeat(statusOf(url), { until: (status) => status === 200 })

describe("the HTTP server", () => {
  it.live("answers what it does not have, or does not do, shortly and plainly", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      for (
        const path of ["/nothing", "/page/", "/page/nothing.js", "/page/..%2fHttpServer.ts", "/page/tsconfig.json"]
      ) {
        const { body, headers, status } = yield* ask(url + path)
        assert.strictEqual(status, 404, path)
        assert.strictEqual(body, "not found: there are /, /health, /ready and /metrics\n")
        assert.match(headers.get("content-type") ?? "", /^text\/plain/)
      }
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
        for (const path of ["/", "/health", "/ready", "/metrics", "/events", "/page/main.js"]) {
          const { body, headers, status } = yield* ask(url + path, { method })
          assert.strictEqual(status, 405, `${method} ${path}`)
          assert.strictEqual(headers.get("allow"), "GET, HEAD")
          assert.isBelow(body.length, 100)
        }
      }
      assert.strictEqual((yield* ask(`${url}/health?verbose=1`)).status, 200)
    }).pipe(Effect.provide(environment)))

  it.live("answers HEAD as GET, without the body", () =>
    Effect.gen(function*() {
      const { telemetry, url } = yield* serve()
      telemetry.process.phase = "recording"
      for (const path of ["/", "/health", "/ready", "/metrics", "/events", "/page/page.css"]) {
        const { body, headers, status } = yield* ask(url + path, { method: "HEAD" })
        assert.strictEqual(status, 200, path)
        assert.strictEqual(body, "", path)
        assert.strictEqual(headers.get("x-content-type-options"), "nosniff", path)
        assert.strictEqual(headers.get("cache-control"), "no-store", path)
      }
    }).pipe(Effect.provide(environment)))

  it.live("refuses oversized headers and bodies, and goes on", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const long = yield* ask(`${url}/health`, { headers: { "x-long": "x".repeat(20_000) } })
      assert.strictEqual(long.status, 431)
      const path = yield* ask(`${url}/${"x".repeat(20_000)}`)
      assert.strictEqual(path.status, 431)
      // What is sent after the answer is not read: the connection ends instead.
      const socket = connect(Number(new URL(url).port), "127.0.0.1")
      let said = ""
      socket.on("data", (chunk) => {
        said += chunk.toString()
      })
      socket.on("error", () => {})
      const closed = once(socket, "close")
      socket.write("POST /health HTTP/1.1\r\nHost: ticklake\r\nContent-Length: 1000000000\r\n\r\n")
      const feeding = setInterval(() => socket.write("x".repeat(65_536)), 1)
      yield* Effect.promise(() => closed)
      clearInterval(feeding)
      assert.match(said, /^HTTP\/1\.1 405 /)
      assert.strictEqual((yield* ask(`${url}/ready`)).body, "not ready: starting\n")
    }).pipe(Effect.provide(environment)))

  it.live("is ready while it records, and only then", () =>
    Effect.gen(function*() {
      const { telemetry, url } = yield* serve()
      const phases: ReadonlyArray<readonly [Phase, number, string]> = [
        ["starting", 503, "not ready: starting\n"],
        ["recovering", 503, "not ready: recovering\n"],
        ["recording", 200, "ready\n"],
        ["stopping", 503, "not ready: stopping\n"]
      ]
      for (const [phase, status, body] of phases) {
        telemetry.process.phase = phase
        const answer = yield* ask(`${url}/ready`)
        assert.deepStrictEqual([answer.status, answer.body], [status, body])
      }
    }).pipe(Effect.provide(environment)))

  it.live("answers health with 503 when the recorder is unhealthy, and with 200 while it only needs a look", () =>
    Effect.gen(function*() {
      const { telemetry, url } = yield* serve()
      const feed = telemetry.stats(Feed.make("okx", "BTC-USDT", "trade"))
      telemetry.process.phase = "recording"
      feed.state = "live"
      feed.connected = true
      const health = Effect.map(ask(`${url}/health`), ({ body, status }) => [status, JSON.parse(body).status])
      assert.deepStrictEqual(yield* health, [200, "healthy"])
      feed.state = "stale"
      assert.deepStrictEqual(yield* health, [200, "degraded"])
      yield* ask(`${url}/events`, { method: "HEAD" })
      feed.rowsLost = 7
      yield* Effect.repeat(health, { until: ([status]) => status === 503 })
      assert.deepStrictEqual(yield* health, [503, "unhealthy"])
    }).pipe(Effect.provide(environment)))

  it.live("gives 32 streams and no more, and each place again", () =>
    Effect.gen(function*() {
      const { url } = yield* serve()
      const streams = yield* openAll(`${url}/events`)
      for (const { headers, statusCode } of streams) {
        assert.deepStrictEqual([statusCode, headers["content-type"]], [200, "text/event-stream"])
      }
      const refused = yield* ask(`${url}/events`)
      assert.deepStrictEqual([refused.status, refused.body], [503, "too many live pages are open\n"])
      assert.strictEqual(refused.headers.get("retry-after"), "10")
      assert.strictEqual((yield* ask(`${url}/health`)).status, 200)
      streams[0]?.destroy()
      yield* untilGiven(`${url}/events`)
    }).pipe(Effect.provide(environment)))

  it.live("renders few scrapes at a time, however many are asked for on one connection, and has room again after", () =>
    Effect.gen(function*() {
      const { port, url } = yield* serve()
      const socket = connect(port, "127.0.0.1")
      let said = ""
      socket.on("data", (chunk: Buffer) => {
        said += chunk.toString("latin1")
      })
      const asked = 300
      socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(asked))
      const count = (status: number) => said.split(`HTTP/1.1 ${status} `).length - 1
      yield* until(() => count(200) > 0 && socket.destroyed)
      assert.isAtMost(count(200), 10)
      assert.isAbove(count(503), 0)
      assert.strictEqual((yield* ask(`${url}/metrics`)).status, 200)
    }).pipe(Effect.provide(environment)))

  it.live("has no other protocol, and keeps no connection of those who ask for one and never close theirs", () =>
    Effect.gen(function*() {
      const { port, url } = yield* serve()
      const upgrading = (connection: string) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
            socket.on("error", () => {})
            socket.write(
              `GET /ready HTTP/1.1\r\nHost: ticklake\r\nConnection: ${connection}\r\nUpgrade: websocket\r\n\r\n`
            )
            return socket
          }),
          (socket) => Effect.sync(() => socket.destroy())
        )
      const kept = yield* upgrading("Upgrade")
      let said = ""
      kept.on("data", (chunk) => {
        said += chunk.toString()
      })
      yield* until(() => said.endsWith("not ready: starting\n"))
      kept.write("HEAD /nothing HTTP/1.1\r\nHost: ticklake\r\nConnection: close\r\n\r\n")
      yield* Effect.promise(() => once(kept, "end"))
      assert.match(said, /^HTTP\/1\.1 503 [^]*\nHTTP\/1\.1 404 /)

      // As many as are served at a time.
      const all = yield* Effect.forEach(Array.from({ length: 128 }), () => upgrading("close, Upgrade"))
      yield* Effect.forEach(all, (socket) => Effect.promise(() => once(socket.resume(), "end")), {
        concurrency: "unbounded"
      })
      yield* untilGiven(`${url}/health`)
    }).pipe(Effect.provide(environment)))

  it.live("loses no place to those who only ask for the head, or are gone before the stream begins", () =>
    Effect.gen(function*() {
      const { port, url } = yield* serve()
      for (let time = 0; time < 2 * places; time++) yield* ask(`${url}/events`, { method: "HEAD" })
      for (let time = 0; time < 3 * places; time++) {
        const socket = connect(port, "127.0.0.1")
        socket.on("error", () => {})
        const closed = once(socket, "close")
        yield* Effect.promise(() => once(socket, "connect"))
        socket.write("GET /events HTTP/1.1\r\nHost: ticklake\r\n\r\n", () => socket.resetAndDestroy())
        yield* Effect.promise(() => closed)
      }
      yield* untilGiven(`${url}/events`)
      // The places of those who went are given back as soon as the server has heard of it.
      yield* Effect.repeat(
        Effect.scoped(Effect.map(openAll(`${url}/events`), (all) => all.every(({ statusCode }) => statusCode === 200))),
        { until: (given) => given }
      )
    }).pipe(Effect.provide(environment)))

  it.live("ends its streams within a second when it stops", () =>
    Effect.gen(function*() {
      const { stop, url } = yield* serve()
      const streams = yield* openAll(`${url}/events`)
      const before = performance.now()
      yield* stop
      yield* until(() => streams.every(({ destroyed }) => destroyed))
      assert.isBelow(performance.now() - before, 1000)
      const gone = yield* Effect.promise(() => fetch(url).then(() => "there", () => "gone"))
      assert.strictEqual(gone, "gone")
    }).pipe(Effect.provide(environment)))

  it.live("outlives a connection that it cannot take, and tells so", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const loggers = new Set([Logger.make<unknown, void>(({ message }) => {
        lines.push(String(message))
      })])
      const { url } = yield* serve().pipe(Effect.provideService(Logger.CurrentLoggers, loggers))
      const servers: Array<Server> = []
      const take = (message: unknown) => servers.push((message as { readonly server: Server }).server)
      subscribe("http.server.request.start", take)
      yield* ask(`${url}/ready`)
      unsubscribe("http.server.request.start", take)
      const error = Object.assign(new Error("accept EMFILE"), { code: "EMFILE", syscall: "accept" })
      servers[0]?.emit("error", error)
      yield* until(() => lines.some((line) => line.includes("accept EMFILE; it goes on")))
      assert.strictEqual((yield* ask(`${url}/health`)).status, 200)
    }).pipe(Effect.provide(environment)))

  it.live("says what to change when it cannot listen", () =>
    Effect.gen(function*() {
      const { port } = yield* serve()
      const inUse = yield* Effect.flip(serve({ port }))
      assert.strictEqual(
        inUse.message,
        `metrics and health cannot be served at 127.0.0.1:${port}: another program listens there, maybe another recorder; `
          + "set another http.port or METRICS_PORT"
      )
      assert.strictEqual(inUse[Runtime.errorExitCode], 78)
      // A documentation address, which no machine has.
      const nowhere = yield* Effect.flip(serve({ host: "192.0.2.1" }))
      assert.match(
        nowhere.message,
        /at 192\.0\.2\.1:0: this machine has no such address; set http\.host to one of its own/
      )
      assert.strictEqual(nowhere[Runtime.errorExitCode], 69)
      // A test that runs as root may listen anywhere.
      const errors = [
        ["EACCES", /of 1024 or more$/, 78],
        ["ENOTFOUND", /no such host is known/, 69],
        ["EAI_AGAIN", /no such host/, 69]
      ] as const
      for (const [code, text, exitCode] of errors) {
        const error = new ListenError({ host: "a", port: 80, cause: Object.assign(new Error(code), { code }) })
        assert.match(error.message, text)
        assert.strictEqual(error[Runtime.errorExitCode], exitCode)
      }
    }).pipe(Effect.provide(environment)))

  it.live("tells no secret anywhere", () =>
    Effect.gen(function*() {
      const server = yield* s3StandIn.make({ buckets: [] })
      server.fail("PutObject", { kind: "status", status: 403, code: "AccessDenied" }, 1000)
      const { feeds, url } = yield* world({ venues: ["okx"], storage: { mode: "s3", server }, maxFileAgeSecs: 0.3 })
      yield* until(() => feeds().every((stats) => stats.filesSealed > 0))
      const { accessKey, secretKey } = server.options
      const answers = yield* Effect.forEach(["/", "/health", "/ready", "/metrics"], (path) => ask(url + path))
      const stream = yield* Effect.promise(() => fetch(`${url}/events`))
      const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
      let told = ""
      while (!told.includes("AccessDenied")) told += (yield* Effect.promise(() => reader.read())).value ?? ""
      yield* Effect.promise(() => reader.cancel())
      for (const text of [told, ...answers.map(({ body }) => body)]) {
        assert.notInclude(text, secretKey)
        assert.notInclude(text, accessKey)
      }
    }).pipe(Effect.provide(environment)))
})
