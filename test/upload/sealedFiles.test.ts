import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Path } from "effect"
import { vi } from "vitest"
import * as UploadStats from "../../src/telemetry/UploadStats.ts"
import { Backlog } from "../../src/upload/Backlog.ts"
import * as sealedFiles from "../../src/upload/sealedFiles.ts"

layer(NodeServices.layer)("sealedFiles", (it) => {
  it.effect("reads each name about once, however many there are to be sorted", () =>
    Effect.gen(function*() {
      const path = yield* Path.Path
      const fs = yield* FileSystem.FileSystem
      const dates = Array.from({ length: 20 }, (_, index) => `2026-03-${10 + index}`)
      const folders = new Map([
        ["/data", ["binance", ".open", "quarantine"]],
        ["/data/binance", ["btcusdt"]],
        ["/data/binance/btcusdt", ["trade"]],
        ["/data/binance/btcusdt/trade", dates],
        ...dates.map((date, day) =>
          [
            `/data/binance/btcusdt/trade/${date}`,
            Array.from({ length: 200 }, (_, index) => `${(index * 77) % 200}${100 + day}.parquet`)
          ] as const
        )
      ])
      const fake = FileSystem.FileSystem.of({
        ...fs,
        readDirectory: (folder) =>
          Effect.sync(() => [...folders.get(folder) ?? assert.fail(`${folder} is not to be read`)])
      })
      const backlog = new Backlog(UploadStats.make())
      const reading = vi.spyOn(RegExp.prototype, "exec")
      backlog.beginListing()
      const found = yield* sealedFiles.search(fake, path, "/data")
      backlog.endListing(found)
      const read = reading.mock.calls.length
      reading.mockRestore()
      assert.strictEqual(found.files.length, 4000)
      assert.deepStrictEqual(found.files, found.files.toSorted((a, b) => a.millis - b.millis))
      assert.isBelow(read, 4000 + 4 * folders.size)
    }))

  it.effect("goes where a recorder seals, and takes a file in the way for none", () =>
    Effect.gen(function*() {
      const path = yield* Path.Path
      const fs = yield* FileSystem.FileSystem
      const dataDir = yield* fs.makeTempDirectoryScoped()
      const sealed = [
        "okx/ethusdt/orderbook/tokyo-1/2026-03-13/10.parquet",
        "okx/ethusdt/trade/2026-03-13/20.parquet",
        "okx/ethusdt/gap/2026-03-13/30.parquet"
      ]
      const others = [
        "quarantine/btcusdt/trade/2026-03-13/1.parquet",
        "okx/.hidden/trade/2026-03-13/2.parquet",
        "okx/ethusdt/trade/2026-03-13/more/3.parquet",
        "okx/ethusdt/orderbook/notes.txt",
        "okx/notes.txt",
        "notes.txt"
      ]
      for (const file of [...sealed, ...others]) {
        yield* fs.makeDirectory(path.dirname(path.join(dataDir, file)), { recursive: true })
        yield* fs.writeFileString(path.join(dataDir, file), "")
      }
      const { files, unreadable } = yield* sealedFiles.search(fs, path, dataDir)
      assert.deepStrictEqual(files.map((file) => file.path), sealed)
      assert.deepStrictEqual(unreadable, [])
      const none = yield* sealedFiles.search(fs, path, path.join(dataDir, "none"))
      assert.deepStrictEqual(none.files, [])
    }))
})
