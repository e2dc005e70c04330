import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import type { WebSocket } from "ws"
import * as Feed from "../../src/domain/Feed.ts"
import type { Exchange } from "../../src/exchanges/Exchange.ts"
import { ConnectLimiter } from "../../src/feeds/ConnectLimiter.ts"
import { PastTrades } from "../../src/feeds/PastTrades.ts"
import type { Plan } from "../../src/feeds/Plan.ts"
import * as Supervisor from "../../src/feeds/Supervisor.ts"
import { Tokens } from "../../src/feeds/Tokens.ts"
import { type Sink, SinkError, Sinks } from "../../src/sinks/Sink.ts"
import * as Logging from "../../src/telemetry/Logging.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { until } from "../until.ts"
import { nothingSealed } from "../sinks/events.ts"
import { exchangeAt, serve } from "./numberVenue.ts"

const refused = (feed: string) =>
  new SinkError({ series: feed, operation: "name its files", cause: new Error("no name") })

/** The same venue, with trades whose ids follow each other. */
const counting = (exchange: Exchange): Exchange => ({
  ...exchange,
  channels: { ...exchange.channels, trade: { ...exchange.channels.trade, continuity: "consecutive" } }
})

/**
 * A supervisor over a venue on loopback, with sinks that note what they are told; `closing` is waited for when one closes, `opening`
 * when one opens.
 */
const supervised = Effect.fnUntraced(function*(
  symbols: ReadonlyArray<string>,
  closing: (symbol: string) => Effect.Effect<void> = () => Effect.void,
  broken: ReadonlySet<string> = new Set(),
  opening: (dataType: Feed.Feed["dataType"] | "gap") => Effect.Effect<void> = () => Effect.void
) {
  const peers: Array<{ readonly symbol: string; readonly peer: WebSocket }> = []
  const notes: Array<string> = []
  const ledgers: Array<string> = []
  const url = yield* serve((peer) => {
    peer.on("message", (text) => peers.push({ symbol: String(text), peer }))
  })
  const planOf = (symbol: string, signature = "", dataType: Feed.Feed["dataType"] = "trade"): Plan => ({
    feed: Feed.make("bybit", symbol, dataType),
    exchanges: [exchangeAt(url, { subscribe: () => [() => symbol] })],
    history: null,
    completenessObjective: 0.999,
    messageTimeoutSecs: 60,
    signature
  })
  const sinks = Layer.succeed(
    Sinks,
    Sinks.of({
      open: ({ dataType, symbol }) =>
        dataType === "gap" ?
          Effect.acquireRelease(
            Effect.sync(() => {
              ledgers.push(`${symbol} opened`)
              return { append: () => Effect.void, appendNow: () => false, memory: nothingSealed }
            }),
            () => Effect.sync(() => ledgers.push(`${symbol} closed`))
          ) :
          Effect.acquireRelease(
            broken.has(symbol) ? refused(symbol) : Effect.map(opening(dataType), (): Sink => {
              notes.push(`${symbol} opened`)
              return {
                memory: nothingSealed,
                appendNow: () => false,
                append: (events) =>
                  Effect.sync(() => notes.push(...events.map(({ sequenceId }) => `${symbol} ${sequenceId}`)))
              }
            }),
            () => Effect.andThen(closing(symbol), Effect.sync(() => notes.push(`${symbol} closed`)))
          )
    })
  )
  const scope = yield* Scope.make()
  yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
  const context = yield* Layer.buildWithScope(
    Supervisor.layer({
      plans: symbols.map((symbol) => planOf(symbol)),
      backoff: { initialSecs: 0.01, maxSecs: 0.05 },
      queueCapacity: 1000,
      dataDir: "data",
      feedsLimit: "5 seconds",
      sinksLimit: "200 millis"
    }).pipe(
      Layer.provide([sinks, ConnectLimiter.layer, PastTrades.layer, Tokens.layerNone]),
      Layer.provideMerge(Telemetry.layer),
      Layer.provide(Logging.layerConsole("None"))
    ),
    scope
  )
  const { all } = Context.get(context, Telemetry)
  const { apply } = Context.get(context, Supervisor.Supervisor)
  const connected = (count: number) => until(() => peers.length === count)
  const ids = (feeds: ReadonlyArray<Feed.Feed>) => feeds.map(({ symbol }) => symbol)
  return {
    all,
    apply: (...plans: ReadonlyArray<Plan>) =>
      Effect.map(apply(plans), ({ added, changed, notStarted, removed, untouched }) => ({
        added: ids(added),
        changed: ids(changed),
        notStarted: ids(notStarted),
        removed: ids(removed),
        untouched
      })),
    connected,
    ledgers,
    notes,
    peers,
    planOf,
    stop: Scope.close(scope, Exit.void),
    stats: (symbol: string) => all().find(({ feed }) => feed.symbol === symbol) ?? assert.fail(symbol)
  }
})

describe("other plans", () => {
  it.live("touch only what they change: same connection here, same sink and counters there", () =>
    Effect.gen(function*() {
      const { all, apply, connected, notes, peers, planOf, stats } = yield* supervised(["A", "B", "C"])
      yield* connected(3)
      const before = new Map(all().map((each) => [each.feed.symbol, each]))
      const first = (symbol: string) => peers.find((each) => each.symbol === symbol)!.peer
      for (const symbol of ["A", "B", "C"]) first(symbol).send("1")
      yield* until(() => all().every(({ events }) => events === 1))
      notes.length = 0

      assert.deepStrictEqual(
        yield* apply(planOf("A"), planOf("C", "other"), planOf("D")),
        { added: ["D"], changed: ["C"], notStarted: [], removed: ["B"], untouched: 1 }
      )
      yield* connected(5)
      assert.deepStrictEqual(notes.toSorted(), ["B closed", "D opened"])
      assert.deepStrictEqual(all().map(({ feed }) => feed.symbol), ["A", "C", "D"])
      assert.strictEqual(stats("A"), before.get("A"))
      assert.strictEqual(stats("C"), before.get("C"))
      assert.deepStrictEqual(all().map(({ connections }) => connections), [1, 2, 1])
      assert.strictEqual(first("A").readyState, first("A").OPEN)
      for (const symbol of ["A", "C", "D"]) peers.findLast((each) => each.symbol === symbol)?.peer.send("2")
      yield* until(() => ["A 2", "C 2", "D 2"].every((note) => notes.includes(note)))
      assert.deepStrictEqual(all().map(({ events }) => events), [2, 2, 1])
    }))

  it.live("that take a feed away let its sink have what was received before it is closed, and give it new counters when it is back", () =>
    Effect.gen(function*() {
      const { apply, connected, notes, peers, planOf, stats } = yield* supervised(["A", "B"])
      yield* connected(2)
      const peer = peers.find(({ symbol }) => symbol === "B")!.peer
      for (let id = 1; id <= 50; id++) peer.send(String(id))
      yield* until(() => stats("B").events > 0)
      yield* apply(planOf("A"))
      assert.strictEqual(notes.at(-1), "B closed")
      const received = notes.filter((note) => /^B \d/.test(note))
      assert.isAbove(received.length, 0)
      yield* apply(planOf("A"), planOf("B"))
      yield* connected(3)
      assert.deepInclude(stats("B"), { events: 0, connections: 1 })
    }))

  it.live("are put into effect one after the other, and the last ones stay", () =>
    Effect.gen(function*() {
      const sealing = yield* Deferred.make<void>()
      const sealed = yield* Deferred.make<void>()
      const { all, apply, connected, notes, planOf } = yield* supervised(["A"], () =>
        Effect.andThen(Deferred.succeed(sealing, undefined), Deferred.await(sealed)))
      yield* connected(1)
      const first = yield* Effect.forkChild(apply(planOf("B")))
      yield* Deferred.await(sealing)
      const second = yield* Effect.forkChild(apply(planOf("A"), planOf("B")), { startImmediately: true })
      // By then the second would have found A still there.
      yield* connected(2)
      yield* Deferred.succeed(sealed, undefined)
      assert.deepInclude(yield* Fiber.join(first), { added: ["B"], removed: ["A"], untouched: 0 })
      assert.deepInclude(yield* Fiber.join(second), { added: ["A"], removed: [], untouched: 1 })
      assert.deepStrictEqual(
        all().map(({ feed }) =>
          feed.symbol
        ),
        ["B", "A"]
      )
      assert.deepStrictEqual(notes, ["A opened", "B opened", "A closed", "A opened"])
      yield* connected(3)
    }))

  it.live("that take away a feed whose sink never closes keep neither the others nor the stop from going on", () =>
    Effect.gen(function*() {
      const { apply, connected, planOf, stop } = yield* supervised(
        ["A"],
        (symbol) => symbol === "A" ? Effect.never : Effect.void
      )
      yield* connected(1)
      assert.deepInclude(yield* apply(planOf("B")), { added: ["B"], removed: ["A"] })
      assert.deepInclude(yield* apply(planOf("C")), { added: ["C"], removed: ["B"] })
      yield* stop
    }))

  it.live("with a feed whose files cannot be opened start the others, show it, and the next ones try it again", () =>
    Effect.gen(function*() {
      const broken = new Set(["B"])
      const { all, apply, connected, ledgers, planOf, stats } = yield* supervised(["A"], undefined, broken)
      const plans = [planOf("A"), planOf("B"), planOf("C")]
      assert.deepInclude(yield* apply(...plans), { added: ["C"], untouched: 1, notStarted: ["B"] })
      assert.deepInclude(stats("B"), { connected: false, state: "waiting" })
      assert.match(stats("B").reason ?? "", /no name; it is tried again every 60 s$/)
      assert.deepInclude(yield* apply(planOf("A"), planOf("C")), { removed: [], untouched: 2, notStarted: [] })
      assert.deepStrictEqual(all().map(({ feed }) => feed.symbol), ["A", "C"])
      assert.deepStrictEqual(ledgers.filter((note) => note.startsWith("B")), ["B opened", "B closed"])
      assert.deepInclude(yield* apply(...plans), { added: [], untouched: 2, notStarted: ["B"] })
      broken.clear()
      assert.deepInclude(yield* apply(...plans), { added: ["B"], untouched: 2, notStarted: [] })
      yield* connected(3)
      assert.strictEqual(stats("B").reason, null)
    }))

  it.live("with a changed feed whose files cannot be opened any more do not call it connected anew", () =>
    Effect.gen(function*() {
      const broken = new Set<string>()
      const { apply, connected, planOf, stats } = yield* supervised(["A"], undefined, broken)
      yield* connected(1)
      broken.add("A")
      const plan = planOf("A", "other")
      // Where another rule holds, nothing of the feed can stay as it is.
      assert.deepInclude(yield* apply({ ...plan, exchanges: plan.exchanges.map(counting) }), {
        added: [],
        changed: [],
        notStarted: ["A"]
      })
      assert.deepInclude(stats("A"), { connected: false, state: "waiting" })
    }))

  it.effect("with a feed whose files cannot be opened have it tried again by itself, a minute later", () =>
    Effect.gen(function*() {
      const broken = new Set(["B"])
      const { apply, connected, notes, planOf, stats } = yield* supervised(["A"], undefined, broken)
      assert.deepInclude(yield* apply(planOf("A"), planOf("B")), { notStarted: ["B"] })
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(stats("B").state, "waiting")
      broken.clear()
      assert.notInclude(notes, "B opened")
      yield* TestClock.adjust("60 seconds")
      yield* TestClock.withLive(connected(2))
      assert.include(notes, "B opened")
      assert.deepInclude(stats("B"), { connections: 1, reason: null })
    }))

  it.live("that put one feed of a symbol in the place of another leave the ledger of their gaps open", () =>
    Effect.gen(function*() {
      const gone = yield* Deferred.make<void>()
      const { all, apply, connected, ledgers, planOf, stop } = yield* supervised(
        ["A"],
        undefined,
        undefined,
        (dataType) => dataType === "orderbook" ? Deferred.await(gone) : Effect.void
      )
      yield* connected(1)
      const applying = yield* Effect.forkChild(apply(planOf("A", "", "orderbook")))
      yield* until(() => all().every(({ feed }) => feed.dataType === "orderbook"))
      yield* Deferred.succeed(gone, undefined)
      assert.deepInclude(yield* Fiber.join(applying), { added: ["A"], removed: ["A"] })
      assert.deepStrictEqual(ledgers, ["A opened"])
      yield* apply()
      assert.deepStrictEqual(ledgers, ["A opened", "A closed"])
      yield* stop
    }))

  it.live("half in effect when the process stops are left to the stop, which waits for every sink", () =>
    Effect.gen(function*() {
      const sealing = yield* Deferred.make<void>()
      const sealed = yield* Deferred.make<void>()
      const { apply, connected, notes, planOf, stop } = yield* supervised(
        ["A", "B"],
        (symbol) =>
          symbol === "A" ? Effect.andThen(Deferred.succeed(sealing, undefined), Deferred.await(sealed)) : Effect.void
      )
      yield* connected(2)
      const applying = yield* Effect.forkChild(apply(planOf("B")))
      yield* Deferred.await(sealing)
      const stopping = yield* Effect.forkChild(stop)
      yield* until(() => notes.includes("B closed"))
      assert.isFalse(notes.includes("A closed"))
      yield* Deferred.succeed(sealed, undefined)
      yield* Fiber.join(stopping)
      assert.isTrue(notes.includes("A closed"))
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(applying)))
      assert.isTrue(Exit.hasInterrupts(yield* Effect.exit(apply(planOf("C")))))
      assert.isFalse(notes.includes("C opened"))
    }))
})
