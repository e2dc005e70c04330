import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import type { Event } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import type { Exchange } from "../../src/exchanges/Exchange.ts"
import { ConnectLimiter } from "../../src/feeds/ConnectLimiter.ts"
import type { Hole } from "../../src/feeds/BookBroken.ts"
import type { ConnectionIntake } from "../../src/feeds/ConnectionIntake.ts"
import * as Session from "../../src/feeds/Session.ts"
import { Tokens } from "../../src/feeds/Tokens.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { until } from "../until.ts"
import { exchangeAt, serve } from "./numberVenue.ts"

const feed = Feed.make("bybit", "BTCUSDT", "trade")

const open = Effect.fnUntraced(function*(
  exchange: Exchange,
  messageTimeoutSecs = 60,
  over: {
    readonly feed?: Feed.Feed
    readonly holeIn?: (events: ReadonlyArray<Event>) => Hole | null
    readonly mayAskAnew?: () => boolean
    readonly onClosing?: (quietMillis: number) => void
    readonly onClosed?: () => unknown
  } = {}
) {
  const stats = (yield* Telemetry).stats(feed)
  const received: Array<Event> = []
  const intake: ConnectionIntake = {
    unreadable: () => {},
    receive: (events) => {
      received.push(...events)
      return over.holeIn?.(events) ?? null
    },
    takesOver: () => true,
    counts: () => {},
    leave: () => {}
  }
  const fiber = yield* Effect.forkChild(Session.run(exchange, over.feed ?? feed, {
    ...Session.defaults,
    messageTimeoutSecs,
    stats,
    join: () => intake,
    onState: (state) => {
      stats.state = state
    },
    onData: () => Effect.void,
    onSilence: () => Effect.void,
    onClosingNotice: () => {},
    onClosing: over.onClosing ?? (() => {}),
    onClosed: over.onClosed ?? (() => {}),
    mayAskAnew: over.mayAskAnew ?? (() => true)
  }))
  return { fiber, received, stats }
})

const services = Layer.mergeAll(ConnectLimiter.layer, Telemetry.layer)
const environment = Layer.mergeAll(services, Tokens.layerNone)

describe("Session", () => {
  it.live("keeps its pings in step through a flood of messages, answers those of the venue, and takes every message", () =>
    Effect.gen(function*() {
      const pings: Array<number> = []
      let sent = 0
      let flooding = true
      let answered = 0
      const url = yield* serve((peer) => {
        peer.on("ping", () => {
          pings.push(performance.now())
          peer.ping()
        })
        peer.on("pong", () => answered++)
        const flood = () => {
          if (!flooding) return
          for (let i = 0; i < 500; i++) peer.send(String(sent++))
          setImmediate(flood)
        }
        peer.once("message", flood)
      })
      const { fiber, received, stats } = yield* open(exchangeAt(url, {
        keepalive: { ping: { _tag: "PingFrame" }, everyMillis: 50, replyWithinMillis: 20, heartbeatWithinMillis: null }
      }))
      yield* until(() => pings.length >= 12)
      flooding = false
      yield* until(() => received.length === sent)
      yield* Fiber.interrupt(fiber)
      assert.isAbove(sent, 10_000)
      const widest = Math.max(...pings.slice(1).map((at, i) => at - pings[i]!))
      assert.isBelow(widest, 500)
      assert.isAbove(stats.pongsReceived, 0)
      assert.isAbove(answered, 5)
      assert.deepStrictEqual(
        received.map((event) => Number(event.sequenceId)),
        Array.from({ length: sent }, (_, i) => i)
      )
    }).pipe(Effect.provide(environment)))

  it.live("stamps frames in order, with microseconds", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => {
        for (let i = 0; i < 1000; i++) peer.send(String(i))
      })
      const before = Date.now() * 1000
      const { fiber, received } = yield* open(exchangeAt(url))
      yield* until(() => received.length === 1000)
      yield* Fiber.interrupt(fiber)
      const times = received.map((event) => event.timestampCollector)
      assert.deepStrictEqual(times, times.toSorted((a, b) => a - b))
      assert.isAtLeast(times[0]!, before)
      assert.isAtMost(times.at(-1)!, Date.now() * 1000 + 1000)
      assert.isTrue(times.some((time) => time % 1000 !== 0))
    }).pipe(Effect.provide(environment)))

  it.live("fails with the venue's words when it refuses", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => peer.on("message", () => peer.send("no: unknown symbol BTCUSDT")))
      const { fiber } = yield* open(exchangeAt(url))
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(error.message, "the venue rejects the subscription to BTCUSDT: unknown symbol BTCUSDT")
    }).pipe(Effect.provide(environment)))

  it.live("goes on when it refuses something although it delivers", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => {
        for (const frame of ["1", "no: something else", "2"]) peer.send(frame)
      })
      const { fiber, received, stats } = yield* open(exchangeAt(url))
      yield* until(() => received.length === 2)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(stats.state, "live")
    }).pipe(Effect.provide(environment)))

  it.live("notices a dead line by the missing answer to its ping", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => peer.pause())
      const { fiber, stats } = yield* open(exchangeAt(url, {
        keepalive: {
          ping: { _tag: "Text", text: "ping" },
          everyMillis: 60,
          replyWithinMillis: 50,
          heartbeatWithinMillis: null
        }
      }))
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(error._tag, "ConnectionSilent")
      assert.strictEqual(stats.pingsSent, 1)
    }).pipe(Effect.provide(environment)))

  it.live("says since when nothing was heard before it closes the connection, also where the line is dead", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      let quiet = 0
      const url = yield* serve((peer) => peer.pause())
      const { fiber } = yield* open(
        exchangeAt(url, {
          keepalive: {
            ping: { _tag: "PingFrame" },
            everyMillis: 60,
            replyWithinMillis: 50,
            heartbeatWithinMillis: null
          }
        }),
        60,
        {
          onClosing: (quietMillis) => {
            told.push("closing")
            quiet = quietMillis
          },
          onClosed: () => told.push("closed")
        }
      )
      yield* until(() => told.length > 0)
      assert.deepStrictEqual(told, ["closing"])
      assert.isAtLeast(quiet, 50)
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(told, ["closing", "closed"])
    }).pipe(Effect.provide(environment)))

  it.live("says that it is over also where it waited for its turn to connect", () =>
    Effect.gen(function*() {
      const waiting = yield* Deferred.make<void>()
      const limiter = Layer.succeed(
        ConnectLimiter,
        ConnectLimiter.of({
          acquire: () => Effect.andThen(Deferred.succeed(waiting, undefined), Effect.never),
          takeTurn: () => Effect.void,
          pause: () => Effect.succeed(false)
        })
      )
      const told: Array<string> = []
      const { fiber, stats } = yield* open(exchangeAt("ws://127.0.0.1:1"), 60, { onClosed: () => told.push("closed") })
        .pipe(Effect.provide(limiter))
      yield* Deferred.await(waiting)
      assert.strictEqual(stats.state, "connecting")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(told, ["closed"])
    }).pipe(Effect.provide(environment)))

  it.live("does not count control messages as market data", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => {
        const beat = setInterval(() => peer.send("pong"), 10)
        peer.on("close", () => clearInterval(beat))
      })
      const { fiber, stats } = yield* open(exchangeAt(url), 0.1)
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(error._tag, "MarketDataTimeout")
      assert.strictEqual(stats.timeouts, 1)
      assert.isAbove(stats.pongsReceived, 10)
    }).pipe(Effect.provide(environment)))

  it.live("asks for a fresh token for each message that takes one", () =>
    Effect.gen(function*() {
      const messages: Array<string> = []
      const url = yield* serve((peer) => peer.on("message", (data: Buffer) => messages.push(data.toString())))
      let minted = 0
      const tokens = Layer.succeed(Tokens, Tokens.of({ next: (venue) => Effect.sync(() => `${venue}-${++minted}`) }))
      const { fiber } = yield* open(exchangeAt(url, {
        usesToken: true,
        subscribe: () => [(token) => `one ${token}`, (token) => `two ${token}`]
      })).pipe(Effect.provide(tokens))
      yield* until(() => messages.length === 2)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(messages, ["one bybit-1", "two bybit-2"])
    }).pipe(Effect.provide(services)))

  it.live("counts what it cannot read and goes on", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => {
        peer.send("1")
        peer.send("what?")
        peer.send("2")
      })
      const { fiber, received, stats } = yield* open(exchangeAt(url))
      yield* until(() => received.length === 2)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(stats.parseErrors, 1)
      assert.strictEqual(stats.state, "live")
    }).pipe(Effect.provide(environment)))

  it.live("a bug in an adapter is a defect of the session, not the end of the process", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => peer.send("1"))
      const { fiber } = yield* open(exchangeAt(url, {
        parser: () => () => {
          throw new Error("a bug")
        }
      }))
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.hasDies(exit))
    }).pipe(Effect.provide(environment)))

  it.live("ends for the newest reason why a book lacks changes, once it may ask for another", () =>
    Effect.gen(function*() {
      let mayAsk = false
      const url = yield* serve((peer) => {
        for (const id of [1, 2, 3]) peer.send(String(id))
      })
      const holes: Readonly<Record<string, Hole>> = {
        "1": { missing: { first: 7, last: 9 }, why: "sequence_gap" },
        "2": { missing: null, why: "disk" }
      }
      const { fiber } = yield* open(exchangeAt(url), 60, {
        feed: Feed.make("bybit", "BTCUSDT", "orderbook"),
        holeIn: ([event]) => {
          mayAsk = event?.sequenceId === "3"
          return holes[event?.sequenceId ?? ""] ?? null
        },
        mayAskAnew: () => mayAsk
      })
      const exit = yield* Fiber.await(fiber)
      assert.include(
        Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "",
        "changes to the book were lost here, on their way to the disk; the book is asked for anew"
      )
    }).pipe(Effect.provide(environment)))
})
