import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, FileSystem, Layer, Logger, Scope } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import { makeStats } from "../../src/telemetry/Telemetry.ts"
import * as UnparsedFrames from "../../src/telemetry/UnparsedFrames.ts"
import { until } from "../until.ts"
import * as faultyFileSystem from "../sinks/faultyFileSystem.ts"

const day = Date.UTC(2026, 10, 22) * 1000
const dayMicros = 86_400_000_000
const feedOf = (symbol: string) => makeStats(Feed.make("okx", symbol, "trade"))

/** Files for frames in a folder of their own, on a disk that a test breaks. */
const open = Effect.fnUntraced(function*(options: Partial<UnparsedFrames.Options> = {}) {
  const fs = yield* FileSystem.FileSystem
  const dataDir = options.dataDir ?? (yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-frames-" }))
  const folder = `${dataDir}/${UnparsedFrames.folder}`
  const disk = faultyFileSystem.make()
  const said: Array<string> = []
  const logger = Logger.layer([Logger.make(({ message }) => {
    said.push(String(message))
  })])
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    UnparsedFrames.layer({ ...options, dataDir }).pipe(
      Layer.provide(Layer.fresh(faultyFileSystem.layer(disk))),
      Layer.provide(logger)
    ),
    scope
  )
  const names = Effect.map(Effect.orElseSucceed(fs.readDirectory(folder), () => []), (found) => found.toSorted())
  return {
    ...Context.get(context, UnparsedFrames.UnparsedFrames),
    close: Scope.close(scope, Exit.void),
    dataDir,
    disk,
    folder,
    names,
    said,
    lines: (name: string) =>
      Effect.map(
        fs.readFileString(`${folder}/${name}`),
        (text) => text.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
      ),
    sizes: Effect.flatMap(
      names,
      (found) => Effect.forEach(found, (name) => Effect.map(fs.stat(`${folder}/${name}`), ({ size }) => Number(size)))
    )
  }
})

const settled = (...stats: ReadonlyArray<ReturnType<typeof feedOf>>) => (frames: number) =>
  until(() => stats.reduce((sum, { framesKept, framesNotKept }) => sum + framesKept + framesNotKept, 0) === frames)

const environment = NodeServices.layer

describe("unparsed frames", () => {
  it.live("are kept as they were received, text as text and everything else as base64, a file for each feed and day", () =>
    Effect.gen(function*() {
      const frames = yield* open()
      const [btc, eth] = [feedOf("BTC-USDT"), feedOf("ETH-USDT")]
      btc.connections = 3
      const text = "{\"p\":\"8 \u0000 \ud83d\udc02 \ufeff\u2028\n"
      const binary = Buffer.from([0xff, 0x00, 0xc3, 0x28])
      frames.keep(btc, day + 1, "no end", Buffer.from(text))
      frames.keep(btc, day + 2, "not text", binary)
      frames.keep(btc, day + dayMicros, "empty", Buffer.alloc(0))
      frames.keep(eth, day, "odd", Buffer.from("{}"))
      yield* frames.close
      assert.deepStrictEqual(yield* frames.names, [
        "2026-11-22.okx.btcusdt.trade.jsonl",
        "2026-11-22.okx.ethusdt.trade.jsonl",
        "2026-11-23.okx.btcusdt.trade.jsonl"
      ])
      assert.deepStrictEqual(yield* frames.lines("2026-11-22.okx.btcusdt.trade.jsonl"), [
        { received: day + 1, connection: 3, reason: "no end", bytes: Buffer.byteLength(text), text },
        { received: day + 2, connection: 3, reason: "not text", bytes: 4, base64: binary.toString("base64") }
      ])
      assert.deepStrictEqual(yield* frames.lines("2026-11-23.okx.btcusdt.trade.jsonl"), [
        { received: day + dayMicros, connection: 3, reason: "empty", bytes: 0, text: "" }
      ])
      const fs = yield* FileSystem.FileSystem
      const { mode } = yield* fs.stat(`${frames.folder}/2026-11-22.okx.btcusdt.trade.jsonl`)
      assert.strictEqual(mode & 0o077, 0)
      assert.deepInclude(btc, { framesKept: 3, framesNotKept: 0 })
      assert.deepInclude(eth, { framesKept: 1, framesNotKept: 0 })
    }).pipe(Effect.provide(environment)))

  it.live("that are very long are cut off between two characters, and say so", () =>
    Effect.gen(function*() {
      const frames = yield* open({ frameBytes: 10 })
      const stats = feedOf("BTC-USDT")
      frames.keep(stats, day, "long", Buffer.from("12345678\ud83d\udc02901234"))
      frames.keep(stats, day, "exact", Buffer.from("1234567890"))
      frames.keep(stats, day, "long", Buffer.alloc(11, 0xff))
      yield* frames.close
      const lines = yield* frames.lines("2026-11-22.okx.btcusdt.trade.jsonl")
      assert.deepInclude(lines[0], { bytes: 18, cut_to: 8, text: "12345678" })
      assert.deepInclude(lines[1], { bytes: 10, text: "1234567890" })
      assert.notProperty(lines[1], "cut_to")
      assert.deepInclude(lines[2], { bytes: 11 })
    }).pipe(Effect.provide(environment)))

  it.live("of a flood cost no more memory and disk than their bounds, and every one is counted", () =>
    Effect.gen(function*() {
      const fileBytes = 50_000
      const frames = yield* open({ fileBytes, pendingBytes: 30_000, folderBytes: 80_000 })
      const stats = ["A", "B", "C"].map(feedOf)
      const frame = Buffer.from(`{"filler":"${"x".repeat(1000)}`)
      for (let round = 0; round < 100; round++) {
        for (let index = 0; index < 100; index++) frames.keep(stats[index % 3]!, day + index, "garbage", frame)
        yield* Effect.yieldNow
      }
      yield* settled(...stats)(10_000)
      yield* frames.close
      const sizes = yield* frames.sizes
      for (const size of sizes) assert.isAtMost(size, fileBytes)
      const total = sizes.reduce((sum, size) => sum + size, 0)
      assert.isAtMost(total, 80_000)
      assert.isAbove(total, 50_000)
      const kept = (yield* Effect.forEach(yield* frames.names, frames.lines)).flat()
      assert.strictEqual(kept.length, stats.reduce((sum, { framesKept }) => sum + framesKept, 0))
      for (const line of kept) assert.strictEqual(line["text"], frame.toString())
    }).pipe(Effect.provide(environment)))

  it.live("fill the file of a day to its bound, by the length of its lines, also after a restart", () =>
    Effect.gen(function*() {
      const fileBytes = 20_000
      const first = yield* open({ fileBytes })
      const frame = Buffer.alloc(1000, 0xff)
      const send = Effect.fnUntraced(function*({ close, keep, sizes }: typeof first) {
        const stats = feedOf("A")
        for (let index = 0; index < 100; index++) keep(stats, day, "garbage", frame)
        yield* settled(stats)(100)
        yield* close
        return { kept: stats.framesKept, size: (yield* sizes)[0] ?? 0 }
      })
      const { kept, size } = yield* send(first)
      assert.isAtMost(size, fileBytes)
      assert.isAbove(size, fileBytes - 1500)
      assert.strictEqual((yield* first.lines("2026-11-22.okx.a.trade.jsonl")).length, kept)
      assert.deepStrictEqual(yield* send(yield* open({ fileBytes, dataDir: first.dataDir })), { kept: 0, size })
    }).pipe(Effect.provide(environment)))

  it.live("wait within their bounds for a disk that never answers, which holds up neither their feed nor the stop", () =>
    Effect.gen(function*() {
      const frames = yield* open({ pendingFrames: 50, flushWithin: "50 millis" })
      frames.disk.beforeWrite = Effect.never
      const stats = feedOf("A")
      frames.keep(stats, day, "garbage", Buffer.from("first"))
      for (let index = 0; index < 10_000; index++) frames.keep(stats, day, "garbage", Buffer.from("x"))
      assert.isAtLeast(stats.framesNotKept, 9_949)
      yield* frames.close
    }).pipe(Effect.provide(environment)))

  it.live("that a full disk does not take are given up with one warning, and it goes on when there is room", () =>
    Effect.gen(function*() {
      const frames = yield* open()
      const stats = feedOf("A")
      frames.keep(stats, day, "before", Buffer.from("1"))
      yield* settled(stats)(1)
      frames.disk.roomBytes = 20
      for (let count = 2; count <= 4; count++) {
        frames.keep(stats, day, "meanwhile", Buffer.from("2"))
        yield* settled(stats)(count)
      }
      frames.disk.roomBytes = Infinity
      frames.keep(stats, day, "after", Buffer.from("3"))
      yield* frames.close
      assert.deepInclude(stats, { framesKept: 2, framesNotKept: 3 })
      assert.deepStrictEqual(
        (yield* frames.lines("2026-11-22.okx.a.trade.jsonl")).map(({ reason }) => reason),
        ["before", "after"]
      )
      assert.strictEqual(frames.said.length, 1)
      assert.match(
        frames.said[0] ?? "",
        /^frames that could not be parsed are not kept in .*ENOSPC.*; recording goes on$/
      )
    }).pipe(Effect.provide(environment)))

  it.live("of earlier days make room for new ones, the oldest first; those of the day stay", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const first = yield* open()
      const stats = feedOf("A")
      const frame = Buffer.from("x".repeat(900))
      for (const age of [3, 2, 1]) first.keep(stats, day - age * dayMicros, "old", frame)
      yield* first.close
      yield* fs.writeFileString(`${first.folder}/notes.txt`, "mine")

      const second = yield* open({ dataDir: first.dataDir, folderBytes: 3500 })
      for (let count = 0; count < 4; count++) {
        second.keep(stats, day, "new", frame)
        yield* settled(stats)(4 + count)
      }
      yield* second.close
      assert.deepStrictEqual(yield* second.names, ["2026-11-22.okx.a.trade.jsonl", "notes.txt"])
      assert.strictEqual((yield* second.lines("2026-11-22.okx.a.trade.jsonl")).length, 3)
      assert.deepInclude(stats, { framesKept: 6, framesNotKept: 1 })
      assert.strictEqual(second.said.length, 3)
    }).pipe(Effect.provide(environment)))

  it.live("of a day to come, by a clock that was ahead, make room first of all", () =>
    Effect.gen(function*() {
      const first = yield* open()
      const frame = Buffer.from("x".repeat(900))
      const [a, b] = [feedOf("A"), feedOf("B")]
      for (const ahead of [-1, 0, 1000, 2000]) first.keep(a, day + ahead * dayMicros, "old", frame)
      yield* first.close

      const second = yield* open({ dataDir: first.dataDir, folderBytes: 4500 })
      for (let count = 1; count <= 2; count++) {
        second.keep(b, day, "new", frame)
        yield* settled(b)(count)
      }
      yield* second.close
      assert.deepInclude(b, { framesKept: 2, framesNotKept: 0 })
      assert.deepStrictEqual(yield* second.names, [
        "2026-11-21.okx.a.trade.jsonl",
        "2026-11-22.okx.a.trade.jsonl",
        "2026-11-22.okx.b.trade.jsonl"
      ])
    }).pipe(Effect.provide(environment)))

  it.live("go on after a line that was cut off by a crash", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const frames = yield* open()
      yield* fs.makeDirectory(frames.folder, { recursive: true })
      yield* fs.writeFileString(`${frames.folder}/2026-11-22.okx.a.trade.jsonl`, "{\"received\":17")
      frames.keep(feedOf("A"), day, "new", Buffer.from("1"))
      yield* frames.close
      const text = yield* fs.readFileString(`${frames.folder}/2026-11-22.okx.a.trade.jsonl`)
      assert.match(text, /^\{"received":17\n\{.*"text":"1"\}\n$/)
    }).pipe(Effect.provide(environment)))
})
