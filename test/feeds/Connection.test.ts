import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { createServer, type IncomingMessage } from "node:http"
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net"
import { type WebSocket, WebSocketServer } from "ws"
import { connect, type Options, parseRetryAfter } from "../../src/feeds/Connection.ts"

const listen = (server: Server) =>
  Effect.acquireRelease(
    Effect.callback<Server>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
      }).pipe(Effect.timeoutOption("1 second"))
  )

const urlOf = (server: Server) => `ws://127.0.0.1:${(server.address() as AddressInfo).port}`

/** A WebSocket server on loopback; `onPeer` sees each connection. */
const serve = Effect.fnUntraced(function*(onPeer: (peer: WebSocket, request: IncomingMessage) => void) {
  const http = createServer()
  const ws = new WebSocketServer({ server: http })
  ws.on("connection", onPeer)
  yield* Effect.addFinalizer(() => Effect.sync(() => ws.clients.forEach((peer) => peer.terminate())))
  return urlOf(yield* listen(http))
})

/** A server that answers every upgrade with these bytes and then ends. */
const answer = (bytes: string) =>
  Effect.map(
    listen(createTcpServer((socket) => {
      socket.on("error", () => {})
      socket.once("data", () => socket.end(bytes))
    })),
    urlOf
  )

const options = (url: string, overrides: Partial<Options> = {}): Options => ({
  url,
  maxFrameBytes: 1_000_000,
  openTimeout: "2 seconds",
  closeTimeout: "200 millis",
  refusalAdvice: () => null,
  nowMillis: () => 0,
  onMessage: () => {},
  onPong: () => {},
  onBytes: () => {},
  ...overrides
})

describe("Connection", () => {
  it.live("hands over messages as bytes, text and binary alike, in order", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => {
        peer.send("one")
        peer.send(Buffer.from("zwei \u00fc"), { binary: true })
        peer.send("three")
      })
      const seen: Array<string> = []
      const all = yield* Deferred.make<void>()
      yield* connect(options(url, {
        onMessage: (bytes) => {
          seen.push(bytes.toString("utf8"))
          if (seen.length === 3) Deferred.doneUnsafe(all, Effect.void)
        }
      }))
      yield* Deferred.await(all)
      assert.deepStrictEqual(seen, ["one", "zwei \u00fc", "three"])
    }))

  it.live("sends no Origin, offers no compression, and says who it is", () =>
    Effect.gen(function*() {
      const headers = yield* Deferred.make<IncomingMessage["headers"]>()
      const url = yield* serve((_peer, request) => Deferred.doneUnsafe(headers, Effect.succeed(request.headers)))
      yield* connect(options(url))
      const seen = yield* Deferred.await(headers)
      assert.isUndefined(seen.origin)
      assert.isUndefined(seen["sec-websocket-extensions"])
      assert.strictEqual(seen["user-agent"], "ticklake")
    }))

  it.live("closes with 1000 and still takes what arrives during the close handshake", () =>
    Effect.gen(function*() {
      const code = yield* Deferred.make<number>()
      const url = yield* serve((peer) => {
        peer.on("close", (closed) => Deferred.doneUnsafe(code, Effect.succeed(closed)))
        peer.send("before")
      })
      const scope = yield* Scope.make()
      const first = yield* Deferred.make<void>()
      yield* connect(options(url, { onMessage: () => Deferred.doneUnsafe(first, Effect.void) })).pipe(
        Scope.provide(scope)
      )
      yield* Deferred.await(first)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* Deferred.await(code), 1000)
    }))

  it.live("destroys a socket whose peer never answers the close handshake", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => peer.pause())
      const scope = yield* Scope.make()
      const connection = yield* Scope.provide(connect(options(url)), scope)
      yield* Scope.close(scope, Exit.void)
      const error = yield* Effect.flip(connection.closed)
      assert.strictEqual(error.code, 1006)
    }))

  it.live("reports the end with code, reason", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => peer.close(4004, "No data received in 30s"))
      const connection = yield* connect(options(url))
      const error = yield* Effect.flip(connection.closed)
      assert.strictEqual(error.message, "connection closed with code 4004 No data received in 30s")
    }))

  it.live("fails when nobody listens, and names the URL", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(connect(options("ws://127.0.0.1:1/ws?key=hunter2")))
      assert.strictEqual(error._tag, "ConnectFailed")
      assert.match(error.message, /could not connect to ws:\/\/127\.0\.0\.1:1\/ws: .*ECONNREFUSED/)
      assert.notInclude(JSON.stringify(error), "hunter2")
    }))

  it.live("fails on a URL that is none", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(connect(options("nonsense"))))._tag, "ConnectFailed")
    }))

  it.live("gives up on a server that accepts and then says nothing", () =>
    Effect.gen(function*() {
      const url = urlOf(yield* listen(createTcpServer((socket) => socket.on("error", () => {}))))
      const error = yield* Effect.flip(Effect.scoped(connect(options(url, { openTimeout: "50 millis" }))))
      assert.match(error.message, /timed out while opening/)
    }))

  it.live("tells what a refusal says, for how long, and what to do", () =>
    Effect.gen(function*() {
      const url = yield* answer(
        "HTTP/1.1 451 Unavailable\r\nRetry-After: 120\r\nContent-Length: 21\r\n\r\n{\"msg\":\"not in here\"}"
      )
      const error = yield* Effect.flip(
        Effect.scoped(connect(options(`${url}/?key=hunter2`, {
          refusalAdvice: (status) => status === 451 ? "record elsewhere" : null
        })))
      )
      if (error._tag !== "HandshakeRefused") {
        return assert.fail(error._tag)
      }
      assert.strictEqual(error.status, 451)
      assert.strictEqual(error.retryAfterMillis, 120_000)
      assert.notInclude(JSON.stringify(error), "hunter2")
      assert.include(error.message, "HTTP 451 ({\"msg\":\"not in here\"}); record elsewhere")
    }))

  it.live("hears a refusal whose body never ends", () =>
    Effect.gen(function*() {
      const server = yield* listen(createTcpServer((socket) => {
        socket.on("error", () => {})
        socket.once("data", () => socket.write("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n\r\nslow down"))
      }))
      const error = yield* Effect.flip(Effect.scoped(connect(options(urlOf(server), { openTimeout: "20 seconds" }))))
      if (error._tag !== "HandshakeRefused") return assert.fail(error._tag)
      assert.deepStrictEqual([error.status, error.retryAfterMillis, error.body], [429, 7000, "slow down"])
    }))

  it.live("ends the connection, and no more, when a message is larger than allowed", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => peer.send("x".repeat(2000)))
      const connection = yield* connect(options(url, { maxFrameBytes: 1000 }))
      const error = yield* Effect.flip(connection.closed)
      assert.match(error.message, /Max payload size exceeded/)
    }))

  it.live("keeps the connection when a text message is not UTF-8", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => {
        peer.send(Buffer.from([0xff, 0xfe]), { binary: false })
        peer.send("fine")
      })
      const fine = yield* Deferred.make<void>()
      yield* connect(options(url, {
        onMessage: (bytes) => {
          if (bytes.toString("latin1") === "fine") Deferred.doneUnsafe(fine, Effect.void)
        }
      }))
      yield* Deferred.await(fine)
    }))

  it.live("makes a bug in the message handler the defect of whoever waits for the connection", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => peer.send("boom"))
      const connection = yield* connect(options(url, {
        onMessage: () => {
          throw new Error("a bug")
        }
      }))
      const exit = yield* Effect.exit(connection.closed)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }))

  it.live("can be interrupted while it is opening", () =>
    Effect.gen(function*() {
      const accepted = yield* Deferred.make<void>()
      const server = yield* listen(createTcpServer((socket) => {
        socket.on("error", () => {})
        Deferred.doneUnsafe(accepted, Effect.void)
      }))
      const fiber = yield* Effect.forkChild(Effect.scoped(connect(options(urlOf(server), { openTimeout: "1 minute" }))))
      yield* Deferred.await(accepted)
      yield* Fiber.interrupt(fiber)
    }))
})

describe("parseRetryAfter", () => {
  it("takes seconds and dates", () => {
    const now = Date.UTC(2026, 10, 22, 12, 0, 0)
    assert.strictEqual(parseRetryAfter("30", now), 30_000)
    assert.strictEqual(parseRetryAfter("Sun, 22 Nov 2026 12:01:00 GMT", now), 60_000)
    assert.strictEqual(parseRetryAfter("Sun, 22 Nov 2026 11:00:00 GMT", now), null)
    assert.strictEqual(parseRetryAfter("0", now), null)
    assert.strictEqual(parseRetryAfter("1.5", now), null)
    assert.strictEqual(parseRetryAfter("999999999", now), 3 * 86_400_000)
    assert.strictEqual(parseRetryAfter("soon", now), null)
    assert.strictEqual(parseRetryAfter(undefined, now), null)
  })
})
