import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Feed from "../../src/domain/Feed.ts"
import { DiskSpace } from "../../src/telemetry/DiskSpace.ts"
import type { FeedRow, Hello, Tick } from "../../src/telemetry/LiveMessages.ts"
import * as LiveStream from "../../src/telemetry/LiveStream.ts"
import { Monitor } from "../../src/telemetry/Monitor.ts"
import * as RecentLog from "../../src/telemetry/RecentLog.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"

/** A recorder whose looks into histories are counted, and pages on it. */
const recorder = Effect.gen(function*() {
  const context = yield* Layer.build(
    Monitor.layer({ maxFileAgeMillis: 1000 }).pipe(
      Layer.provide(Layer.succeed(DiskSpace, DiskSpace.of({ folders: [] }))),
      Layer.provideMerge(Layer.fresh(Telemetry.layer))
    )
  )
  const telemetry = Context.get(context, Telemetry)
  const inner = Context.get(context, Monitor)
  let asked = 0
  const monitor = Monitor.of({
    ...inner,
    history: (stats) => {
      asked++
      return inner.history(stats)
    }
  })
  const log = RecentLog.make()
  const stream = LiveStream.make({ monitor, telemetry, recentLog: log.service, version: "1" })
  const open = Effect.gen(function*() {
    const hellos: Array<Hello> = []
    const ticks: Array<Tick> = []
    yield* Effect.forkScoped(Stream.runForEach(stream, (text) =>
      Effect.sync(() => {
        for (const part of text.split("\n\n").slice(0, -1)) {
          const [event = "", data = ""] = part.split("\n")
          if (event === "event: hello") hellos.push(JSON.parse(data.slice("data: ".length)))
          else ticks.push(JSON.parse(data.slice("data: ".length)))
        }
      })))
    yield* TestClock.adjust(0)
    return { hellos, ticks }
  })
  const add = (symbol: string) => telemetry.stats(Feed.make("okx", symbol, "trade"))
  const remove = (symbol: string) => telemetry.remove(Feed.make("okx", symbol, "trade"))
  return { add, log, open, remove, takeAsked: () => asked - (asked = 0), telemetry }
})

const places = (rows: ReadonlyArray<FeedRow> | undefined) => rows?.map(([place]) => place)

describe("the live stream", () => {
  it.effect("says everything at first and then what changed, also to a page that comes later", () =>
    Effect.gen(function*() {
      const { add, log, open, telemetry } = yield* recorder
      const [, second] = [add("BTC-USDT"), add("ETH-USDT")]
      const early = yield* open
      assert.strictEqual(early.hellos.length, 1)
      assert.deepStrictEqual(places(early.ticks[0]?.feeds), [0, 1])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(early.ticks[1]?.feeds, [])
      second!.dropped = 3
      telemetry.uploads.stored = 7
      const warning = { level: "Warn", annotations: {}, cause: null, count: 1, mayBeThinned: true, onConsole: true }
      log.add({ ...warning, level: "Warn", atMillis: 5, text: "careful" })
      yield* TestClock.adjust("1500 millis")
      assert.deepStrictEqual(places(early.ticks[2]?.feeds), [1])
      assert.strictEqual(early.ticks[2]?.uploads.stored, 7)
      assert.deepStrictEqual(early.ticks[2]?.log.map(({ message }) => message), ["careful"])

      const late = yield* open
      assert.deepStrictEqual(places(late.ticks[0]?.feeds), [0, 1])
      assert.strictEqual(late.ticks[0]?.now, 2500)
      assert.strictEqual(late.ticks[0]?.feeds[1]?.[6], 3)
      assert.deepStrictEqual(late.ticks[0]?.log.map(({ message }) => message), ["careful"])
      second!.dropped = 4
      yield* TestClock.adjust("2 seconds")
      for (const { ticks } of [early, late]) {
        assert.deepStrictEqual(
          places(ticks.findLast(({ feeds }) => feeds.length > 0)?.feeds),
          [1]
        )
        assert.strictEqual(ticks.flatMap(({ feeds }) => feeds).at(-1)?.[6], 4)
      }
    }))

  it.effect("tells the points of sparklines as they are made", () =>
    Effect.gen(function*() {
      const { add, open } = yield* recorder
      const stats = add("BTC-USDT")
      const { hellos, ticks } = yield* open
      stats.events = 20
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(hellos[0]?.feeds[0]?.sparkline.length, 60)
      assert.deepStrictEqual(ticks.flatMap(({ points }) => points), [[0, 4]])
    }))

  it.effect("begins anew when there are more feeds", () =>
    Effect.gen(function*() {
      const { add, open } = yield* recorder
      add("BTC-USDT")
      const { hellos, ticks } = yield* open
      add("ETH-USDT")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(hellos.map(({ feeds }) => feeds.length), [1, 2])
      assert.deepStrictEqual(places(ticks.at(-1)?.feeds), [0, 1])
    }))

  it.effect("begins anew when there are as many feeds, but others", () =>
    Effect.gen(function*() {
      const { add, open, remove } = yield* recorder
      add("BTC-USDT")
      add("ETH-USDT")
      const { hellos, ticks } = yield* open
      remove("BTC-USDT")
      add("SOL-USDT")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(hellos.map(({ feeds }) => feeds.map(({ symbol }) => symbol)), [
        ["btcusdt", "ethusdt"],
        ["ethusdt", "solusdt"]
      ])
      assert.deepStrictEqual(places(ticks.at(-1)?.feeds), [0, 1])
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(hellos.length, 2)
    }))

  it.effect("begins anew when other shares of the feeds are to be recorded", () =>
    Effect.gen(function*() {
      const { add, open } = yield* recorder
      const stats = add("BTC-USDT")
      stats.completeness.objective = 0.999
      const { hellos, ticks } = yield* open
      yield* TestClock.adjust("2 seconds")
      stats.completeness.objective = 0.5
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(hellos.map(({ feeds }) => feeds.map(({ objective }) => objective)), [[0.999], [0.5]])
      // All rows are told again with it.
      assert.deepStrictEqual(ticks.map(({ feeds }) => feeds.length), [1, 0, 0, 1, 0, 0])
    }))

  it.effect("costs the same for one page and for many", () =>
    Effect.gen(function*() {
      const { add, open, takeAsked } = yield* recorder
      const stats = Array.from({ length: 50 }, (_, index) => add(`S${index}-USDT`))
      const seconds = Effect.gen(function*() {
        takeAsked()
        for (let second = 0; second < 20; second++) {
          for (const each of stats) each.events += second
          yield* TestClock.adjust("1 second")
        }
        return takeAsked()
      })
      yield* open
      const alone = yield* seconds
      for (let page = 1; page < 32; page++) yield* open
      assert.strictEqual(yield* seconds, alone)
    }))
})
