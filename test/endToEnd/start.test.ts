import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Logger, PlatformError, References, Scope } from "effect"
import { existsSync } from "node:fs"
import { dirname } from "node:path"
import * as App from "../../src/App.ts"
import { notations } from "../../src/cli/notations.ts"
import { loadConfig } from "../../src/config/loadConfig.ts"
import { until } from "../until.ts"
import { environment } from "./harness.ts"

/** A configuration of one feed, whose venue is away, with a folder of its own. */
const configured = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
  const file = `${folder}/config.toml`
  yield* fs.writeFileString(
    file,
    `storage = { data_dir = "${folder}/data", local_path = "${folder}/archive" }
http = { port = 0 }
logging = { dir = "${folder}/logs" }
[[markets]]
exchange = "okx"
symbols = ["BTC-USDT"]
base_url = "ws://127.0.0.1:1"
`
  )
  const config = yield* loadConfig({ path: file, notations })
  return { config, folder }
})

describe("a start", () => {
  it.live("has every feed's counters at 0 and every disk's room before recovery is done", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { config, folder } = yield* configured
      // What an earlier run left cannot be read, for as long as the test lasts.
      yield* fs.makeDirectory(`${folder}/data/.journal`, { recursive: true })
      const stuck = Layer.succeed(FileSystem.FileSystem, {
        ...fs,
        readDirectory: (path, options) => path.endsWith(".journal") ? Effect.never : fs.readDirectory(path, options)
      })
      const lines: Array<string> = []
      const loggers = new Set([Logger.make<unknown, void>(({ message }) => {
        lines.push(String(message))
      })])
      const scope = yield* Effect.acquireRelease(Scope.make(), (scope, exit) => Scope.close(scope, exit))
      yield* Layer.buildWithScope(App.layer(config).pipe(Layer.provide(stuck)), scope).pipe(
        Effect.provideService(Logger.CurrentLoggers, loggers),
        Effect.provideService(References.MinimumLogLevel, "Info"),
        Effect.forkScoped
      )
      yield* until(() => lines.some((line) => line.startsWith("live page")))
      const [, url] = /at (\S+)\/$/.exec(lines.find((line) => line.startsWith("live page")) ?? "") ?? []
      const scrape = Effect.promise(() => fetch(`${url}/metrics`).then((answer) => answer.text()))
      const text = yield* Effect.repeat(scrape, {
        until: (text) => text.includes("collector_disk_free_bytes{folder=\"logs\"}")
      })
      assert.include(text, "collector_ready 0\n")
      for (const dataType of ["orderbook", "trade"]) {
        const labels = `{exchange="okx",symbol="btcusdt",data_type="${dataType}"}`
        for (const name of ["messages_dropped", "parquet_rows_lost", "parse_errors"]) {
          assert.include(text, `collector_${name}_total${labels} 0\n`)
        }
      }
      assert.match(text, /^collector_disk_free_bytes\{folder="data"\} \d+/m)
    }).pipe(Effect.provide(environment)))

  it.live("on a full disk stores what is sealed there, before recovery is done", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const { config, folder } = yield* configured
      const sealed = "okx/btcusdt/trade/2026-11-22/1795314063089.parquet"
      yield* fs.makeDirectory(dirname(`${folder}/data/${sealed}`), { recursive: true })
      yield* fs.makeDirectory(`${folder}/data/.journal`)
      yield* fs.writeFileString(`${folder}/data/${sealed}`, "rows")
      const cause = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" })
      const full = Layer.succeed(FileSystem.FileSystem, {
        ...fs,
        readDirectory: (path, options) => path.endsWith(".journal") ? Effect.never : fs.readDirectory(path, options),
        writeFileString: (path, text, options) =>
          path.includes("/.lock/") && text !== ""
            ? Effect.fail(PlatformError.systemError({ _tag: "Unknown", module: "FileSystem", method: "write", cause }))
            : fs.writeFileString(path, text, options)
      })
      const scope = yield* Effect.acquireRelease(Scope.make(), (scope, exit) => Scope.close(scope, exit))
      yield* Layer.buildWithScope(App.layer(config).pipe(Layer.provide(full)), scope).pipe(
        Effect.provideService(Logger.CurrentLoggers, new Set()),
        Effect.forkScoped
      )
      yield* until(() => existsSync(`${folder}/archive/${sealed}`) && !existsSync(`${folder}/data/${sealed}`))
    }).pipe(Effect.provide(environment)))
})
