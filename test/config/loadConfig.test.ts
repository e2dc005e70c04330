import { assert, describe, it } from "@effect/vitest"
import { Effect, Runtime } from "effect"
import { loadConfig } from "../../src/config/loadConfig.ts"
import { errorOf, files, load, market, notations } from "./problemsOf.ts"

describe("loadConfig", () => {
  it.effect("fills in every default", () =>
    Effect.gen(function*() {
      const { allFeeds, feeds, ...config } = yield* load(market)
      assert.deepStrictEqual(allFeeds, feeds)
      assert.deepStrictEqual(config, {
        path: "config.toml",
        shard: null,
        websocket: { messageTimeoutSecs: 120, initialRetryDelaySecs: 1, maxRetryDelaySecs: 60, queueCapacity: 1000 },
        storage: {
          mode: "local",
          dataDir: "data/parquet",
          localPath: "data/archive",
          maxFileAgeSecs: 3600,
          maxFileBytes: 500 * 1024 * 1024,
          commitIntervalMillis: 1000,
          memoryBudgetBytes: 64 * 1024 * 1024
        },
        aws: {
          region: "us-east-1",
          bucket: "market-data",
          homeServerName: null,
          endpoint: null,
          forcePathStyle: false
        },
        upload: { queueCapacity: 1000, maxAttempts: 5, initialRetryDelaySecs: 1, maxRetryDelaySecs: 30 },
        http: { host: "127.0.0.1", port: 9090 },
        logging: { dir: "logs", retentionDays: 1, maxFileBytes: 64 * 1024 * 1024, level: "Info" },
        shutdown: { websocketSecs: 10, storageSecs: 30, uploadSecs: 60 },
        markets: [{
          exchange: "okx",
          symbols: ["BTC-USDT"],
          dataTypes: ["orderbook", "trade"],
          baseUrls: [],
          paths: 1,
          repair: true,
          restUrl: null,
          messageTimeoutSecs: 120,
          completenessObjective: 0.999
        }],
        credentials: { coinbase: null, aws: null }
      })
      assert.deepStrictEqual(feeds.map(({ feed }) => feed.id), ["okx/btcusdt/orderbook", "okx/btcusdt/trade"])
    }))

  it.effect("takes what the file says, in the order of the file", () =>
    Effect.gen(function*() {
      const config = yield* load(`
        [websocket]
        message_timeout_secs = 5
        [storage]
        max_file_size_mb = 0.5
        [[markets]]
        exchange = "upbit"
        symbols = ["KRW-BTC", "KRW-ETH"]
        feeds = ["trades"]
        [[markets]]
        exchange = "binance"
        symbols = ["btcusdt"]
        feeds = ["trades", "orderbook"]
        base_url = "wss://data-stream.binance.vision/ws"
        data_timeout_secs = 600
        completeness_objective = 0
      `)
      assert.strictEqual(config.storage.maxFileBytes, 512 * 1024)
      assert.deepStrictEqual(
        config.feeds.map((
          { completenessObjective, feed, baseUrls, messageTimeoutSecs }
        ) => [feed.id, feed.symbol, baseUrls, messageTimeoutSecs, completenessObjective]),
        [
          ["upbit/krwbtc/trade", "KRW-BTC", [], 5, 0.999],
          ["upbit/krweth/trade", "KRW-ETH", [], 5, 0.999],
          ["binance/btcusdt/trade", "btcusdt", ["wss://data-stream.binance.vision/ws"], 600, 0],
          ["binance/btcusdt/orderbook", "btcusdt", ["wss://data-stream.binance.vision/ws"], 600, 0]
        ]
      )
    }))

  it.effect("gives each feed its paths, their URLs and where missed trades are asked for", () =>
    Effect.gen(function*() {
      const { feeds } = yield* load(`
        [[markets]]
        exchange = "coinbase"
        symbols = ["BTC-USD"]
        paths = 3
        base_urls = ["wss://a.example", "wss://b.example"]
        rest_url = "https://c.example"
        [[markets]]
        exchange = "okx"
        symbols = ["BTC-USDT"]
        paths = 2
        repair = false
      `)
      const baseUrls = ["wss://a.example", "wss://b.example"]
      assert.deepStrictEqual(
        feeds.map(({ baseUrls, feed, paths, repair, restUrl }) => [feed.id, paths, baseUrls, repair, restUrl]),
        [
          ["coinbase/btcusd/orderbook", 1, baseUrls, true, "https://c.example"],
          ["coinbase/btcusd/trade", 3, baseUrls, true, "https://c.example"],
          ["okx/btcusdt/orderbook", 2, [], false, null],
          ["okx/btcusdt/trade", 2, [], false, null]
        ]
      )
    }))

  it.effect("says every problem of file and environment in one go", () =>
    Effect.gen(function*() {
      const error = yield* errorOf(
        `
        queue_capacity = 5
        [websocket]
        message_timeout_sec = 5
        initial_retry_delay_secs = 90
        [storage]
        mode = "s4"
        commit_interval_ms = "500"
        [http]
        port = 99999
        [[markets]]
        exchange = "okx"
        symbols = ["BTC-USDT", "ETHUSDT", "../x", 5]
        [[markets]]
        exchange = "binnance"
        symbols = ["SOL-USDT"]
        base_url = "https://x"
        [[markets]]
        exchange = "okx"
        symbols = ["BTC-USDT"]
        feeds = ["trade", "orderbook"]
      `,
        { LOG_LEVEL: "loud", METRICS_PORT: "http", AWS_ACCESS_KEY: "id", COINBASE_API_KEY: "name" }
      )
      assert.deepStrictEqual(error.problems.map(({ path }) => path), [
        "http.port",
        "markets[0].symbols[1]",
        "markets[0].symbols[2]",
        "markets[0].symbols[3]",
        "markets[1].base_url",
        "markets[1].exchange",
        "markets[1].symbols[0]",
        "markets[2].feeds[0]",
        "markets[2].symbols[0]",
        "queue_capacity",
        "storage.commit_interval_ms",
        "storage.mode",
        "websocket.initial_retry_delay_secs",
        "websocket.message_timeout_sec",
        "LOG_LEVEL",
        "METRICS_PORT",
        "AWS_SECRET_KEY",
        "COINBASE_API_SECRET"
      ])
      assert.strictEqual(Runtime.getErrorExitCode(error), 78)
      assert.match(error.message, /^18 problems in the configuration \(config\.toml and the environment\)\n/)
      assert.include(error.message, "\n  markets[0].symbols[1]\n    expected  upper case with a dash")
      assert.include(error.message, "\n    instead   write \"ETH-USDT\"\n")
    }))

  it.effect("a default does not contradict a value that is refused anyway", () =>
    Effect.gen(function*() {
      const { problems } = yield* errorOf(
        `[websocket]\ninitial_retry_delay_secs = 90\nmax_retry_delay_secs = "x"\n${market}`
      )
      assert.deepStrictEqual(problems.map(({ path }) => path), ["websocket.max_retry_delay_secs"])
    }))

  it.effect("says where the text is not TOML, without repeating it", () =>
    Effect.gen(function*() {
      const { problems } = yield* errorOf("[http]\nport = hunter2\n", { LOG_LEVEL: "loud" })
      assert.deepStrictEqual(problems.map(({ path }) => path), ["config.toml", "LOG_LEVEL"])
      assert.strictEqual(problems[0]?.expected, "TOML: Invalid value at line 2, column 15")
    }))

  it.effect.each([
    { name: "config.toml", environment: {}, path: null, expected: "config.toml" },
    { name: "CONFIG_PATH", environment: { CONFIG_PATH: "a.toml" }, path: null, expected: "a.toml" },
    { name: "--config", environment: { CONFIG_PATH: "a.toml" }, path: "b.toml", expected: "b.toml" },
    {
      name: "config.toml for an empty CONFIG_PATH",
      environment: { CONFIG_PATH: "" },
      path: null,
      expected: "config.toml"
    }
  ])("reads the file named by $name", ({ environment, expected, path }) =>
    Effect.gen(function*() {
      const config = yield* loadConfig({ path, notations, environment })
      assert.strictEqual(config.path, expected)
    }).pipe(Effect.provide(files({ [expected]: market }))))

  it.effect.each([[{}, /exists/], [{ "config.toml": null }, /can be read/]] as const)(
    "a file that is not there or cannot be read (%j)",
    ([contents, expected]) =>
      Effect.gen(function*() {
        const { problems } = yield* Effect.flip(loadConfig({ path: null, notations, environment: { LOG_LEVEL: "x" } }))
        assert.deepStrictEqual(problems.map(({ path }) => path), ["config.toml", "LOG_LEVEL"])
        assert.match(problems[0]?.expected ?? "", expected)
        assert.match(problems[0]?.instead ?? "", /--config or CONFIG_PATH/)
      }).pipe(Effect.provide(files(contents)))
  )
})
