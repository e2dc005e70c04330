import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FileSystem, Layer, Scope } from "effect"
import { spawnSync } from "node:child_process"
import * as Feed from "../../src/domain/Feed.ts"
import { DataFolderLock } from "../../src/runtime/DataFolderLock.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { trades } from "../sinks/events.ts"
import * as faultyFileSystem from "../sinks/faultyFileSystem.ts"

const feed = Feed.make("binance", "BTC-USDT", "trade")

const fsck = (...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, ["src/main.ts", "fsck", ...args], { encoding: "utf8" })
  return { status, text: `${stdout}${stderr}` }
}

/** A folder with one sealed file; with `unclean`, also what a recorder leaves whose disk fails at the end. */
const folder = Effect.fnUntraced(function*(unclean: boolean) {
  const fs = yield* FileSystem.FileSystem
  const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
  const faults = faultyFileSystem.make()
  const storage = ParquetSinks.layer({ dataDir, rowGroupRows: 10, writeBeside: false }).pipe(
    Layer.provideMerge(Journal.layer({ dataDir })),
    Layer.provide(Telemetry.layer),
    Layer.provide(Layer.fresh(faultyFileSystem.layer(faults))),
    Layer.provide(NodeServices.layer)
  )
  yield* Effect.scoped(Effect.gen(function*() {
    const context = yield* Layer.build(storage)
    const { journal, sinks } = yield* Effect.all({ journal: Journal, sinks: Sinks }).pipe(
      Effect.provideContext(context)
    )
    yield* Effect.scoped(Effect.flatMap(sinks.open(feed), (sink) => sink.append(trades(30))))
    if (!unclean) return
    const scope = yield* Scope.make()
    const sink = yield* Scope.provide(sinks.open(feed), scope)
    yield* sink.append(trades(25, 30))
    yield* journal.open(feed).commit
    faults.failing.add("sync")
    yield* Scope.close(scope, Exit.void)
  }))
  return dataDir
})

describe("fsck", () => {
  it.live("of a sound folder ends with 0", () =>
    Effect.gen(function*() {
      const { status, text } = fsck(yield* folder(false))
      assert.strictEqual(status, 0, text)
      assert.match(text, /sound\s+1 sealed files with 30 rows/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("says what a start would do and changes nothing, and does it with --repair", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* folder(true)
      const before = (yield* fs.readDirectory(dataDir, { recursive: true })).toSorted()
      const first = fsck(dataDir)
      assert.strictEqual(first.status, 1, first.text)
      assert.match(first.text, /to do\s+.*\.open\/binance\.btcusdt\.trade\.\d+\.parquet: an open file; its 20 rows/)
      assert.match(first.text, /to do\s+5 rows that only the journal has/)
      assert.deepStrictEqual((yield* fs.readDirectory(dataDir, { recursive: true })).toSorted(), before)
      const repair = fsck(dataDir, "--repair")
      assert.strictEqual(repair.status, 1, repair.text)
      const after = fsck(dataDir)
      assert.strictEqual(after.status, 0, after.text)
      assert.match(after.text, /3 sealed files with 55 rows/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("finds any flipped byte of a sealed file's pages, and names the file", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* folder(false)
      const names = yield* fs.readDirectory(dataDir, { recursive: true })
      const name = names.find((each) => each.endsWith("parquet")) ?? ""
      const content = yield* fs.readFile(`${dataDir}/${name}`)
      content[200] = (content[200] ?? 0) ^ 4
      yield* fs.writeFile(`${dataDir}/${name}`, content)
      const { status, text } = fsck(dataDir)
      assert.strictEqual(status, 2, text)
      assert.include(text, name)
      assert.match(text, /DAMAGED/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("does not touch the folder of a running recorder", () =>
    Effect.gen(function*() {
      const dataDir = yield* folder(true)
      yield* Layer.build(DataFolderLock.layer(dataDir))
      const { status, text } = fsck(dataDir)
      assert.strictEqual(status, 0, text)
      assert.match(text, new RegExp(`process ${process.pid} on .* records here`))
      const repair = fsck(dataDir, "--repair")
      assert.strictEqual(repair.status, 75, repair.text)
      assert.match(repair.text, /in use by process/)
    }).pipe(Effect.provide(NodeServices.layer)))
})
