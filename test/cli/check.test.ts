import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Runtime } from "effect"
import { Command } from "effect/cli"
import { spawnSync } from "node:child_process"
import { TestConsole } from "effect/testing"
import { check } from "../../src/cli/check.ts"
import { report } from "../../src/cli/check/report.ts"
import { chosenFeeds } from "../../src/cli/check/venueAnswer.ts"
import { notations } from "../../src/cli/notations.ts"
import { loadConfig } from "../../src/config/loadConfig.ts"
import { venues } from "../../src/domain/Venue.ts"

const ticklake = Command.runWith(check, { version: "0.0.0" })

const written = (text: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = `${yield* fs.makeTempDirectoryScoped()}/ticklake.toml`
    yield* fs.writeFileString(path, text)
    return path
  })

describe("check", () => {
  it.effect("prints the feeds and what they are stored with", () =>
    Effect.gen(function*() {
      const path = yield* written(`
        [storage]
        data_dir = "a"
        local_path = "b"
        [[markets]]
        exchange = "okx"
        symbols = ["BTC-USDT"]
        feeds = ["trades"]
        [[markets]]
        exchange = "binance"
        symbols = ["btcusdt"]
        base_url = "wss://data-stream.binance.vision/ws?key=hunter2"
        data_timeout_secs = 600
      `)
      yield* ticklake(["-c", path])
      const lines = (yield* TestConsole.logLines).join("\n").split("\n")
      assert.deepStrictEqual(lines.slice(0, 8), [
        "exchange  symbol    data type  timeout  paths  url                                  missed trades",
        "okx       BTC-USDT  trade      120 s        1  the venue's own                      https://www.okx.com/api/v5/market/history-trades",
        "binance   btcusdt   orderbook  600 s        1  wss://data-stream.binance.vision/ws  -",
        "binance   btcusdt   trade      600 s        1  wss://data-stream.binance.vision/ws  https://api.binance.com/api/v3/historicalTrades",
        "",
        `config        ${path}`,
        "feeds         3",
        "storage       local"
      ])
      assert.include(lines, "written in    a")
      assert.include(lines, "sealed files  b")
    }).pipe(Effect.provide(NodeServices.layer)))

  const severalPaths = `
    [[markets]]
    exchange = "coinbase"
    symbols = ["BTC-USD"]
    paths = 2
    base_urls = ["wss://a.example/?key=hunter2", "wss://b.example/"]
    rest_url = "https://c.example/d/"
    [[markets]]
    exchange = "okx"
    symbols = ["BTC-USDT"]
    feeds = ["trades"]
    base_url = "wss://wspap.okx.com:8443/ws/v5/public"
    [[markets]]
    exchange = "bybit"
    symbols = ["BTCUSDT"]
    feeds = ["trades"]
    paths = 3
    repair = false
  `

  it.effect("prints paths and where missed trades are asked for, and says what has one path all the same", () =>
    Effect.gen(function*() {
      const text = report(yield* loadConfig({ path: yield* written(severalPaths), notations, environment: {} }))
      const lines = text.split("\n").map((line) => line.split(/ {2,}/))
      assert.deepStrictEqual(lines.slice(1, 7), [
        ["coinbase", "BTC-USD", "orderbook", "120 s", "1", "wss://a.example/", "-"],
        [
          "coinbase",
          "BTC-USD",
          "trade",
          "120 s",
          "2",
          "wss://a.example/, wss://b.example/",
          "https://c.example/d/products/BTC-USD/trades"
        ],
        [
          "okx",
          "BTC-USDT",
          "trade",
          "120 s",
          "1",
          "wss://wspap.okx.com:8443/ws/v5/public",
          "cannot be asked for"
        ],
        ["bybit", "BTCUSDT", "trade", "120 s", "3", "the venue's own", "not asked for"],
        [""],
        ["Order books of Coinbase have one path, whatever paths says: nothing tells which messages of two are the same."]
      ])
      assert.notInclude(text, "hunter2")
      const single = yield* written(
        severalPaths.replace("paths = 2", "paths = 1").replace(", \"wss://b.example/\"", "")
      )
      assert.notInclude(report(yield* loadConfig({ path: single, notations, environment: {} })), "one path")
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("would connect to each URL that a path goes to", () =>
    Effect.gen(function*() {
      const { feeds } = yield* loadConfig({ path: yield* written(severalPaths), notations, environment: {} })
      assert.deepStrictEqual(chosenFeeds(feeds).map(({ baseUrl, feed }) => [feed.id, baseUrl]), [
        ["coinbase/btcusd/orderbook", "wss://a.example/?key=hunter2"],
        ["coinbase/btcusd/trade", "wss://b.example/"],
        ["okx/btcusdt/trade", "wss://wspap.okx.com:8443/ws/v5/public"],
        ["bybit/btcusdt/trade", null]
      ])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("prints the bucket where files go to one, and the archive where they go there", () =>
    Effect.gen(function*() {
      const lines = (mode: string, aws: string) =>
        Effect.gen(function*() {
          const path = yield* written(
            `[storage]\nmode = "${mode}"\n[aws]\n${aws}\n[[markets]]\nexchange = "okx"\nsymbols = ["BTC-USDT"]`
          )
          return report(yield* loadConfig({ path, notations, environment: { BUCKET_NAME: "ticks" } }))
        })
      const own = yield* lines("s3", "region = \"eu-west-3\"")
      for (const line of [/^bucket +ticks$/m, /^region +eu-west-3$/m, /^endpoint +Amazon's own$/m]) {
        assert.match(own, line)
      }
      assert.notMatch(own, /^sealed files/m)
      const other = yield* lines("both", "endpoint = \"http://127.0.0.1:8333\"\nforce_path_style = true")
      assert.match(other, /^endpoint +http:\/\/127\.0\.0\.1:8333, path style$/m)
      assert.match(other, /^sealed files +data\/archive$/m)
      assert.notMatch(yield* lines("local", ""), /^bucket/m)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("prints what the environment sets in place of the file", () =>
    Effect.gen(function*() {
      const path = yield* written(
        "[aws]\nhome_server_name = \"seoul-1\"\n[http]\nport = 9000\n[[markets]]\nexchange = \"okx\"\nsymbols = [\"BTC-USDT\"]"
      )
      const said = (environment: Readonly<Record<string, string>>) =>
        Effect.map(loadConfig({ path, notations, environment }), report)
      const file = yield* said({})
      assert.match(file, /^home server +seoul-1$/m)
      assert.match(file, /^served on +127\.0\.0\.1, port 9000$/m)
      const overridden = yield* said({ HOME_SERVER_NAME: "tokyo-1", METRICS_HOST: "::1", METRICS_PORT: "0" })
      assert.match(overridden, /^home server +tokyo-1$/m)
      assert.match(overridden, /^served on +::1, a port that is free$/m)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("prints the feeds of this shard alone, and how all are spread", () =>
    Effect.gen(function*() {
      const path = yield* written(
        "[shard]\ncount = 3\n[[markets]]\nexchange = \"okx\"\nsymbols = [\"BTC-USDT\", \"ETH-USDT\", \"SOL-USDT\"]\nfeeds = [\"trades\"]"
      )
      const reports = yield* Effect.forEach(["ticklake-0", "ticklake-1", "ticklake-2"], (name) =>
        Effect.map(loadConfig({ path, notations, environment: { SHARD_INDEX: name } }), report))
      const symbols = reports.map((text) =>
        [...text.matchAll(/^okx +(\S+)/gm)].map(([, symbol]) => symbol)
      )
      assert.sameMembers(symbols.flat(), ["BTC-USDT", "ETH-USDT", "SOL-USDT"])
      const spread = symbols.map(({ length }) => length).join(", ")
      reports.forEach((text, index) => {
        assert.include(text, `${symbols[index]?.length} of 3, those of shard ${index} of 3 (0 to 2)\n`)
        assert.match(text, new RegExp(`^feeds of each +${spread}$`, "m"))
        assert.strictEqual(/it would run, be ready, and record nothing/.test(text), symbols[index]?.length === 0)
      })
      assert.include(symbols.map(({ length }) => length), 0)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("fails with every problem and exit code 78", () =>
    Effect.gen(function*() {
      const path = yield* written("[[markets]]\nexchange = \"okx\"\nsymbols = [\"BTCUSDT\", \"btc-usd\"]")
      const error = yield* Effect.flip(ticklake(["--config", path]))
      assert.strictEqual(error._tag, "ConfigError")
      assert.strictEqual(Runtime.getErrorExitCode(error), 78)
      assert.include(error.message, "write \"BTC-USDT\"")
      assert.include(error.message, "write \"BTC-USD\"")
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("does not wait for a configuration that is no regular file, but names what it is", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      assert.strictEqual(spawnSync("mkfifo", [`${folder}/pipe`]).status, 0)
      for (
        const [path, kind] of [[`${folder}/pipe`, "a named pipe"], [folder, "a folder"], [
          "/dev/zero",
          "a device"
        ]] as const
      ) {
        const error = yield* Effect.flip(ticklake(["--config", path]))
        assert.strictEqual(Runtime.getErrorExitCode(error), 78)
        assert.include(error.message, `${path}\n    expected  a regular file, not ${kind}`)
        assert.include(error.message, "--config or CONFIG_PATH")
      }
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("config.toml of this repository passes with every venue, and no key in it is unknown", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const config = yield* loadConfig({ path: "config.toml", notations, environment: {} })
      assert.deepStrictEqual([...new Set(config.feeds.map(({ feed }) => feed.exchange))], [...venues])
      const text = yield* fs.readFileString("config.toml")
      const path = yield* written(text.replaceAll(/^# (\w+ = .*)$/gm, "$1"))
      const spelledOut = yield* loadConfig({ path, notations, environment: {} })
      assert.deepStrictEqual(spelledOut.websocket, config.websocket)
      assert.deepStrictEqual(spelledOut.storage, config.storage)
      assert.deepStrictEqual(spelledOut.upload, config.upload)
      assert.deepStrictEqual(spelledOut.shutdown, config.shutdown)
      assert.deepStrictEqual([spelledOut.http, spelledOut.logging], [config.http, config.logging])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.effect("says which credentials are configured, without their values", () =>
    Effect.gen(function*() {
      const environment = { AWS_ACCESS_KEY: "hunter1", AWS_SECRET_KEY: "hunter2" }
      const text = report(yield* loadConfig({ path: "config.toml", notations, environment }))
      assert.match(text, /^AWS key +configured$/m)
      assert.match(text, /^Coinbase key +none/m)
      assert.notInclude(text, "hunter")
    }).pipe(Effect.provide(NodeServices.layer)))
})
