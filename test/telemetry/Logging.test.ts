import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Context, Effect, Exit, FileSystem, Layer, type LogLevel, Redacted, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as LogLine from "../../src/telemetry/LogLine.ts"
import * as Logging from "../../src/telemetry/Logging.ts"
import { RecentLog } from "../../src/telemetry/RecentLog.ts"

/** Runs `self` with both outputs; gives what console, file and the recent lines say when it has ended. */
const outputsOf = Effect.fnUntraced(function*(level: LogLevel.LogLevel, self: Effect.Effect<void>) {
  const fs = yield* FileSystem.FileSystem
  const folder = `${yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-logs-" })}/logs`
  const said: Array<string> = []
  const console = { ...globalThis.console, error: (text: string) => said.push(text) }
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    Logging.layer(level, { folder, maxFileBytes: 1_000_000, retentionDays: 1 }),
    scope
  ).pipe(Effect.provideService(Console.Console, console))
  yield* Effect.provideContext(self, context)
  yield* Scope.close(scope, Exit.void)
  const files = yield* fs.readDirectory(folder)
  const text = yield* fs.readFileString(`${folder}/${files[0]}`)
  return {
    files,
    said,
    lines: text.split("\n").filter((each) => each !== "").map((each) => JSON.parse(each)),
    recent: Context.get(context, RecentLog).newerThan(0)
  }
})

const feed = { exchange: "okx", symbol: "btcusdt", data_type: "trade" }

describe("Logging", () => {
  it.effect("writes each line as text to the console and as JSON to the day's file", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 10, 22, 12, 30, 0, 7))
      const { files, lines, said } = yield* outputsOf(
        "Info",
        Effect.logInfo("delivers\nagain").pipe(
          Effect.annotateLogs({ ...feed, connection: 4, key: Redacted.make("hunter2"), big: 12n })
        )
      )
      assert.deepStrictEqual(files, ["ticklake.2026-11-22.log"])
      assert.deepStrictEqual(said, [
        "2026-11-22T12:30:00.007Z INFO  okx/btcusdt/trade: delivers\nagain connection=4 key=<redacted> big=12"
      ])
      assert.deepStrictEqual(lines, [{
        timestamp: "2026-11-22T12:30:00.007Z",
        level: "info",
        message: "delivers\nagain",
        ...feed,
        connection: 4,
        key: "<redacted>",
        big: "12"
      }])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("has the stack of a cause in the same JSON line", () =>
    Effect.gen(function*() {
      const { lines, said } = yield* outputsOf(
        "Info",
        Effect.die(new Error("a bug")).pipe(Effect.catchCause((cause) => Effect.logError("it broke", cause)))
      )
      assert.strictEqual(lines.length, 1)
      assert.strictEqual(lines[0].message, "it broke")
      assert.match(lines[0].cause, /^Error: a bug\n +at .*Logging\.test\.ts/)
      assert.match(said[0]!, /ERROR it broke\nError: a bug\n/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("tells counts that are still held when everything ends, on every way", () =>
    Effect.gen(function*() {
      const closed = Effect.logWarning("closed").pipe(Effect.annotateLogs(feed))
      const { lines, recent, said } = yield* outputsOf("Info", Effect.repeat(closed, { times: 4 }))
      const last = "closed (and 3 more like it)"
      assert.deepStrictEqual(lines.map(({ count, message }) => [message, count]), [["closed", undefined], [last, 4]])
      assert.isTrue(said[1]?.endsWith(last))
      assert.deepStrictEqual(recent.map(({ count, message }) => [message, count]), [["closed", 1], [last, 4]])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("keeps warnings for those who ask, also where the level hides them", () =>
    Effect.gen(function*() {
      const { lines, recent, said } = yield* outputsOf(
        "Error",
        Effect.andThen(Effect.logWarning("odd"), Effect.logError("wrong"))
      )
      assert.deepStrictEqual(lines.map(({ message }) => message), ["wrong"])
      assert.strictEqual(said.length, 1)
      assert.deepStrictEqual(recent.map(({ message }) => message), ["odd", "wrong"])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("spares the console what it hears in another way, and tells each where each counts", () =>
    Effect.gen(function*() {
      const { lines, said } = yield* outputsOf(
        "Info",
        Effect.andThen(
          LogLine.notOnConsole(Effect.logFatal("the end")),
          Effect.repeat(LogLine.eachTold(Effect.logError("set aside")), { times: 2 })
        )
      )
      assert.deepStrictEqual(lines.map(({ message }) => message), ["the end", "set aside", "set aside", "set aside"])
      assert.strictEqual(said.length, 3)
    }).pipe(Effect.provide(NodeServices.layer)))
})
