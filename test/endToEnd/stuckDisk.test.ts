import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, FileSystem, Layer, Logger, References } from "effect"
import * as App from "../../src/App.ts"
import { readRows } from "../../src/cli/readRows.ts"
import { quantity } from "../../src/runtime/quantity.ts"
import { audit } from "../../src/simulator/audit.ts"
import { until } from "../until.ts"
import { assertNothingLost, environment, world } from "./harness.ts"
import { makeStuckDisk } from "./stuckDisk.ts"

describe("a stop after somebody removed the data folder", () => {
  it.live("counts every row that is gone, and says so in its last lines", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.layer([
        Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
      ])
      yield* Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const { config, feeds, shutDown, simulator, sinks } = yield* world({
          venues: ["okx", "bybit"],
          simulator: { rate: 300 }
        })
        yield* until(() => feeds().every((stats) => stats.events > 200))
        yield* simulator.stopTraffic
        yield* simulator.flushed
        yield* fs.remove(config.storage.dataDir, { recursive: true })
        yield* shutDown
        const received = feeds().reduce((sum, { events }) => sum + events, 0)
        assert.strictEqual(feeds().reduce((sum, { rowsLost }) => sum + rowsLost, 0), received)
        assert.deepStrictEqual(yield* readRows(config.storage.localPath), [])
        const lost = sinks().reduce((sum, { rowsLost }) => sum + rowsLost, 0)
        assert.isAbove(lost, received)
        assert.strictEqual(
          lines.at(-1),
          `Warn ${quantity(received, "event")} received, 0 dropped, ${
            quantity(lost, "row")
          } lost, 0 frames not readable`
        )
        const promises = lines.filter((line) =>
          line.includes("next start") && !line.includes("as far as these have them")
        )
        assert.deepStrictEqual(promises, [])
      }).pipe(Effect.provide(logger), Effect.provideService(References.MinimumLogLevel, "Info"))
    }).pipe(Effect.provide(environment)))
})

describe("an open file that somebody removed while the recorder runs", () => {
  it.live("is told, and every row is in a file or counted as lost after a stop and a start", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { config, feed, feeds, shutDown, simulator } = yield* world({
        venues: ["okx"],
        simulator: { rate: 300 },
        maxFileAgeSecs: 1
      })
      const trades = feed("okx/btcusdt/trade")
      const openFolder = `${config.storage.dataDir}/.open`
      yield* until(() => trades.filesSealed > 0 && trades.openFile !== null)
      const isOpen = (name: string) => name.startsWith("okx.btcusdt.trade.") && name.endsWith(".parquet")
      for (const name of (yield* fs.readDirectory(openFolder)).filter(isOpen)) yield* fs.remove(`${openFolder}/${name}`)
      const sealedThen = trades.filesSealed
      yield* until(() => trades.writeErrors > 0 && trades.filesSealed > sealedThen + 1)
      yield* simulator.stopTraffic
      yield* simulator.flushed
      yield* shutDown
      assert.deepStrictEqual(yield* fs.readDirectory(openFolder), [])
      yield* Effect.scoped(Layer.build(App.layer({ ...config, feeds: [] })))
      const rows = yield* readRows(config.storage.localPath)
      const received = feeds().reduce((sum, { events }) => sum + events, 0)
      assert.strictEqual(rows.length + trades.rowsLost, received)
      assert.strictEqual(simulator.ledger.entries().length, received)
    }).pipe(Effect.provide(environment)))
})

describe("a stop on a disk that answers no more", () => {
  it.live("ends within its limits, and the next start has every row", () =>
    Effect.gen(function*() {
      const disk = yield* makeStuckDisk
      const { config, feeds, shutDown, simulator } = yield* world({
        venues: ["okx", "bybit"],
        simulator: { rate: 300 },
        storageSecs: 0.5
      }).pipe(Effect.provide(disk.layer))
      yield* until(() => feeds().every((stats) => stats.events > 200))
      yield* simulator.stopTraffic
      yield* simulator.flushed
      disk.state.stuck = true
      const startedAt = yield* Clock.currentTimeMillis
      yield* shutDown
      assert.isBelow((yield* Clock.currentTimeMillis) - startedAt, 10_000)
      assert.deepStrictEqual(yield* readRows(config.storage.localPath), [])

      yield* Effect.forkScoped(App.run({ ...config, feeds: [] }))
      const { connections, entries } = {
        connections: simulator.ledger.connections(),
        entries: simulator.ledger.entries()
      }
      let rows = yield* readRows(config.storage.localPath)
      while (rows.length < entries.length) rows = yield* readRows(config.storage.localPath)
      assertNothingLost(audit(entries, connections, rows))
    }).pipe(Effect.provide(environment)))
})
