import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Logger, References, Scope } from "effect"
import * as App from "../../src/App.ts"
import { notations } from "../../src/cli/notations.ts"
import { loadConfig } from "../../src/config/loadConfig.ts"
import { until } from "../until.ts"
import { environment } from "./harness.ts"

describe("a start", () => {
  it.live("has every feed's counters at 0 and every disk's room before recovery is done", () =>
    Effect.gen(function*() {
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
})
