import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Logger } from "effect"
import { type AddressInfo, createServer, type Server } from "node:net"
import type { WebSocket } from "ws"
import * as Feed from "../../src/domain/Feed.ts"
import { events, type Exchange } from "../../src/exchanges/Exchange.ts"
import { ConnectLimiter } from "../../src/feeds/ConnectLimiter.ts"
import * as OutageLog from "../../src/feeds/OutageLog.ts"
import { record } from "../../src/feeds/Recorder.ts"
import { Tokens } from "../../src/feeds/Tokens.ts"
import type { Sink } from "../../src/sinks/Sink.ts"
import * as Logging from "../../src/telemetry/Logging.ts"
import * as LogLine from "../../src/telemetry/LogLine.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { until } from "../until.ts"
import { exchangeAt, serve } from "./numberVenue.ts"
import { nothingSealed } from "../sinks/events.ts"

const feed = Feed.make("bybit", "BTCUSDT", "trade")

const start = Effect.fnUntraced(function*(exchange: Exchange, append: Sink["append"]) {
  const stats = (yield* Telemetry).stats(feed)
  const fiber = yield* Effect.forkChild(record(exchange, feed, { append, memory: nothingSealed }, stats, {
    backoff: { initialSecs: 0.01, maxSecs: 0.05 },
    queueCapacity: 1000,
    messageTimeoutSecs: 60,
    outage: OutageLog.make([feed]).of(feed)
  }))
  return { fiber, stats }
})

const environment = Layer.mergeAll(
  ConnectLimiter.layer,
  Telemetry.layer,
  Tokens.layerNone,
  Logging.layerConsole("None")
)

/** Answers every handshake with these bytes. */
const refuse = (answer: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Server>((resume) => {
        const server = createServer((socket) => {
          socket.on("error", () => {})
          socket.once("data", () => socket.end(answer))
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    ),
    (server) => `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  )

describe("Recorder", () => {
  for (
    const [header, millis] of [["Retry-After: 7", 7000], ["Retry-After: 0", 60_000], [
      "X-Nothing: said",
      60_000
    ]] as const
  ) {
    it.live(`429 with "${header}" keeps all feeds of the venue away for ${millis} ms`, () =>
      Effect.gen(function*() {
        const url = yield* refuse(`HTTP/1.1 429 Too Many Requests\r\n${header}\r\nContent-Length: 0\r\n\r\n`)
        const pauses: Array<unknown> = []
        const limiter = Layer.succeed(
          ConnectLimiter,
          ConnectLimiter.of({
            acquire: () => pauses.length > 0 ? Effect.never : Effect.void,
            pause: (venue, millis) => Effect.sync(() => pauses.push([venue, millis]) > 0)
          })
        )
        const { fiber } = yield* start(exchangeAt(url), () => Effect.void).pipe(Effect.provide(limiter))
        yield* until(() => pauses.length > 0)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(pauses, [["bybit", millis]])
      }).pipe(Effect.provide(environment)))
  }

  it.live("hands everything received to the sink before it ends, however slow the sink is", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => {
        for (let i = 0; i < 500; i++) peer.send(String(i))
      })
      const written: Array<string> = []
      const gate = yield* Deferred.make<void>()
      const { fiber, stats } = yield* start(exchangeAt(url), (batch) =>
        Effect.andThen(
          Deferred.await(gate),
          Effect.sync(() => written.push(...batch.map((event) => event.sequenceId)))
        ))
      yield* until(() => stats.events === 500)
      const stopping = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(written, Array.from({ length: 500 }, (_, i) => String(i)))
    }).pipe(Effect.provide(environment)))

  it.live("a bug in the sink is counted, costs what the sink says, and recording goes on", () =>
    Effect.gen(function*() {
      const peers: Array<WebSocket> = []
      const url = yield* serve((peer) => {
        peers.push(peer)
        peer.send("1")
      })
      let calls = 0
      const written: Array<string> = []
      const { fiber, stats } = yield* start(exchangeAt(url), (batch) =>
        Effect.sync(() => {
          // As of a sink that had the rows already.
          if (++calls === 1) throw new Error("a bug")
          written.push(...batch.map((event) => event.sequenceId))
        }))
      yield* until(() => stats.defects === 1)
      peers[0]?.send("2")
      yield* until(() => written.length === 1)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(written, ["2"])
      assert.strictEqual(stats.rowsLost, 0)
      assert.strictEqual(stats.defects, 1)
    }).pipe(Effect.provide(environment)))

  it.live("says in its lines which connection of the feed they are about", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make((options) => {
        const { annotations, text } = LogLine.fromLogger(options)
        lines.push(`${String(annotations["exchange"])} ${String(annotations["connection"])} ${text}`)
      })])
      let connections = 0
      const url = yield* serve((peer) => {
        connections++
        peer.send("what?")
        if (connections < 3) peer.close(1012, "restart")
      })
      const { fiber } = yield* start(exchangeAt(url), () => Effect.void).pipe(Effect.provide(logger))
      yield* until(() => lines.some((line) => line.startsWith("bybit 3 not recorded")))
      yield* Fiber.interrupt(fiber)
      for (const connection of [1, 2]) {
        assert.isTrue(lines.some((line) => line.startsWith(`bybit ${connection} not recorded`)))
        assert.isTrue(lines.some((line) => line.startsWith(`bybit ${connection} connection closed with code 1012`)))
      }
    }).pipe(Effect.provide(environment)))

  it.live("a bug in the adapter restarts the feed and is counted", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => peer.send("1"))
      let frames = 0
      const exchange = exchangeAt(url)
      const { fiber, stats } = yield* start({
        ...exchange,
        parser: (subscriptions) => {
          const parse = exchange.parser(subscriptions)
          return (frame) => {
            if (++frames === 1) throw new Error("a bug")
            return frames === 2 ? events([]) : parse(frame)
          }
        }
      }, () => Effect.void)
      yield* until(() => stats.connections === 2)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(stats.defects, 1)
    }).pipe(Effect.provide(environment)))
})
