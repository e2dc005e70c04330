import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Feed from "../../src/domain/Feed.ts"
import { DataFolderLock, lockFolder } from "../../src/runtime/DataFolderLock.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import * as Recovery from "../../src/sinks/Recovery.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { trade, trades } from "./events.ts"
import { hyparquetRows } from "./readers.ts"

const feed = Feed.make("binance", "BTC-USDT", "trade")

/** Mounts a small tmpfs, or says why it cannot be. */
const mounted = (options: string): { readonly folder: string } | { readonly reason: string } => {
  if (process.getuid?.() !== 0) return { reason: "only root may mount a tmpfs" }
  const folder = mkdtempSync(join(tmpdir(), "ticklake-tmpfs-"))
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { encoding: "utf8" })
  return status === 0 ? { folder } : { reason: `mount failed: ${stderr ?? "no such command"}`.trim() }
}

const onTmpfs = (options: string) =>
  Effect.acquireRelease(
    Effect.sync(() => mounted(options)),
    (mount) => Effect.sync(() => "folder" in mount && spawnSync("umount", ["-l", mount.folder]))
  )

const storage = (dataDir: string) =>
  ParquetSinks.layer({
    dataDir,
    rowGroupRows: 500,
    rowGroupBytes: 256 * 1024,
    writeBeside: false,
    retryEvery: "1 millis"
  }).pipe(
    Layer.provide(Journal.layer({ dataDir, commitEvery: "1 millis" })),
    Layer.provide(Recovery.layer({ dataDir })),
    Layer.provideMerge(Telemetry.layer),
    Layer.provide(NodeServices.layer)
  )

describe("a real disk", () => {
  describe("that is full", () => {
    it.live(
      "drops and counts what it has no room for, keeps files whole, and goes on when there is room",
      (context) =>
        Effect.gen(function*() {
          const mount = yield* onTmpfs("size=3m")
          if ("reason" in mount) return context.skip(mount.reason)
          const fs = yield* FileSystem.FileSystem
          const dataDir = `${mount.folder}/data`
          const ballast = `${mount.folder}/ballast`
          yield* fs.writeFile(ballast, Buffer.alloc(2 * 1024 * 1024))
          const built = yield* Layer.build(storage(dataDir))
          const { sinks, telemetry } = yield* Effect.all({ sinks: Sinks, telemetry: Telemetry }).pipe(
            Effect.provideContext(built)
          )
          const stats = telemetry.stats(feed)
          let given = 0
          yield* Effect.scoped(Effect.gen(function*() {
            const sink = yield* sinks.open(feed)
            const give = (count: number) => {
              const events = trades(count, given).map((event, index) =>
                trade(given + index, {
                  data: Buffer.from(JSON.stringify({ t: event.tradeId, noise: noise(given + index) }))
                })
              )
              given += count
              return sink.append(events)
            }
            while (stats.writeErrors === 0) yield* give(100)
            while (stats.rowsLost === 0) yield* give(1000)
            while (telemetry.storage.journalErrors === 0) yield* Effect.sleep("1 millis")
            assert.match(telemetry.storage.problem ?? "", /could not .*: ENOSPC: no space left on device/)
            yield* fs.remove(ballast)
            const written = stats.rowsWritten
            while (telemetry.storage.problem !== null || stats.rowsWritten < written + 500) {
              yield* Effect.sleep("2 millis")
              yield* give(10)
            }
          }))
          const [file = "", ...others] = (yield* fs.readDirectory(dataDir, { recursive: true })).filter((name) =>
            name.endsWith(".parquet") && !name.startsWith(".")
          )
          const rows = (yield* Effect.promise(() =>
            Promise.all([file, ...others].map((name) => hyparquetRows(`${dataDir}/${name}`)))
          )).flat()
          assert.strictEqual(rows.length, stats.rowsSealed)
          assert.strictEqual(stats.rowsSealed + stats.rowsLost, given)
          assert.strictEqual(
            new Set(rows.map((row) =>
              row.trade_id
            )).size,
            rows.length
          )
        }).pipe(Effect.provide(NodeServices.layer)),
      60_000
    )

    it.live("is claimed all the same, so that what is sealed there can leave it", (context) =>
      Effect.gen(function*() {
        const mount = yield* onTmpfs("size=1m")
        if ("reason" in mount) return context.skip(mount.reason)
        const fs = yield* FileSystem.FileSystem
        const dataDir = `${mount.folder}/data`
        yield* Effect.scoped(Layer.build(Layer.fresh(DataFolderLock.layer(dataDir))))
        const { error } = spawnSync("dd", ["if=/dev/zero", `of=${mount.folder}/ballast`, "bs=4096"], {
          stdio: "ignore"
        })
        assert.isUndefined(error)
        yield* Layer.build(DataFolderLock.layer(dataDir))
        const [claim = ""] = yield* fs.readDirectory(`${dataDir}/${lockFolder}`)
        assert.strictEqual(yield* fs.readFileString(`${dataDir}/${lockFolder}/${claim}`), "")
      }).pipe(Effect.provide(NodeServices.layer)))
  })

  it.live("that is read-only is refused with what to do", (context) =>
    Effect.gen(function*() {
      const mount = yield* onTmpfs("ro,size=1m")
      if ("reason" in mount) return context.skip(mount.reason)
      const error = yield* Effect.flip(Layer.build(DataFolderLock.layer(`${mount.folder}/data`)))
      assert.strictEqual(error._tag, "DataFolderUnusable")
      assert.match(error.message, /cannot be used: .*(?:EROFS|PermissionDenied|read-only).*set data_dir/i)
    }).pipe(Effect.provide(NodeServices.layer)))
})

/** Text that does not compress. */
const noise = (seed: number): string =>
  Array.from({ length: 40 }, (_, at) => (Math.imul(seed * 41 + at, 2_654_435_761) >>> 0).toString(36)).join("")
