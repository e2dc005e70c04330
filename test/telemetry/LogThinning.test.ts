import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import { type LogLine, messageOf } from "../../src/telemetry/LogLine.ts"
import * as LogThinning from "../../src/telemetry/LogThinning.ts"

const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  atMillis: 0,
  level: "Warn",
  text,
  annotations: { exchange: "okx", symbol: "btcusdt", data_type: "trade" },
  cause: null,
  count: 1,
  mayBeThinned: true,
  onConsole: true,
  ...more
})

const thinned = Effect.fnUntraced(function*(options: LogThinning.Options = LogThinning.defaults) {
  const told: Array<LogLine> = []
  const scope = yield* Scope.make()
  const { offer } = yield* Scope.provide(LogThinning.make((each) => told.push(each), options), scope)
  return { told, texts: () => told.map(messageOf), offer, close: Scope.close(scope, Exit.void) }
})

describe("LogThinning", () => {
  it.effect("tells the first at once, and those like it as one line a minute with their number", () =>
    Effect.gen(function*() {
      const { offer, texts, told } = yield* thinned()
      offer(line("next attempt in 1.0 s"))
      assert.deepStrictEqual(texts(), ["next attempt in 1.0 s"])
      for (let i = 2; i < 40; i++) offer(line(`next attempt in ${i}.5 s`, { atMillis: i }))
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(told.length, 1)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(texts().slice(1), ["next attempt in 39.5 s (and 37 more like it)"])
      assert.deepInclude(told[1], { atMillis: 39, count: 38 })

      offer(line("next attempt in 60 s"))
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(told.length, 2)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(texts().slice(2), ["next attempt in 60 s"])

      yield* TestClock.adjust("1 minute")
      offer(line("next attempt in 61 s"))
      assert.deepStrictEqual(texts().slice(3), ["next attempt in 61 s"])
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(told.length, 4)
    }))

  it.effect("tells apart level, feed and words, but not connections", () =>
    Effect.gen(function*() {
      const { offer, told } = yield* thinned()
      const feed = { exchange: "okx", symbol: "btcusdt", data_type: "trade" }
      offer(line("closed"))
      offer(line("closed", { level: "Error" }))
      offer(line("opened"))
      for (const other of [{ exchange: "bybit" }, { symbol: "ethusdt" }, { data_type: "orderbook" }]) {
        offer(line("closed", { annotations: { ...feed, ...other } }))
      }
      assert.strictEqual(told.length, 6)
      offer(line("closed", { annotations: { ...feed, connection: 7 } }))
      assert.strictEqual(told.length, 6)
    }))

  it.effect("leaves alone what is no warning or error, and what somebody has to look at one by one", () =>
    Effect.gen(function*() {
      const { offer, told } = yield* thinned()
      for (const level of ["Info", "Debug", "Fatal"] as const) {
        for (let i = 0; i < 3; i++) offer(line("same", { level }))
      }
      for (let i = 0; i < 3; i++) offer(line("set aside", { level: "Error", mayBeThinned: false }))
      assert.strictEqual(told.length, 12)
    }))

  it.effect("adds up lines that stand for several themselves", () =>
    Effect.gen(function*() {
      const { offer, texts } = yield* thinned()
      for (const count of [1, 38, 1, 61]) offer(line("not recorded", { count }))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(texts(), ["not recorded", "not recorded (and 99 more like it)"])
    }))

  it.effect("tells what it holds when the scope closes, and holds nothing back after that", () =>
    Effect.gen(function*() {
      const { close, offer, texts } = yield* thinned()
      for (let i = 0; i < 5; i++) offer(line("a"))
      for (let i = 0; i < 3; i++) offer(line("b"))
      yield* close
      assert.deepStrictEqual(texts(), ["a", "b", "a (and 3 more like it)", "b (and 1 more like it)"])
      offer(line("a"))
      offer(line("a"))
      assert.deepStrictEqual(texts().slice(4), ["a", "a"])
    }))

  it.effect("remembers a bounded number of kinds, and loses no count of those it forgets", () =>
    Effect.gen(function*() {
      const { close, offer, told } = yield* thinned({ quietMillis: 60_000, mostKinds: 10 })
      const letters = (n: number) => String.fromCharCode(97 + n % 26, 97 + Math.floor(n / 26) % 26)
      for (let i = 0; i < 500; i++) {
        offer(line(letters(i)))
        offer(line(letters(i)))
      }
      assert.isAbove(told.length, 970)
      yield* close
      assert.strictEqual(told.reduce((sum, { count }) => sum + count, 0), 1000)
    }))

  it.effect("keeps no more of a text than a line is long", () =>
    Effect.gen(function*() {
      const { offer, told } = yield* thinned()
      for (const tail of ["x", "y"]) offer(line(`${"long ".repeat(200)}${tail}`))
      assert.strictEqual(told.length, 1)
    }))
})
