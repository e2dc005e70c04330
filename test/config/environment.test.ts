import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readEnvironment } from "../../src/config/environment.ts"
import { loadConfig } from "../../src/config/loadConfig.ts"
import { errorOf, files, load, market, notations } from "./problemsOf.ts"

describe(".env", () => {
  it.effect("is read where present, and the real environment wins", () =>
    Effect.gen(function*() {
      const before = { ...process.env }
      const { variables, problems } = yield* readEnvironment
      assert.strictEqual(variables["TICKLAKE_ONLY_HERE"], "a b")
      assert.strictEqual(variables["PATH"], process.env["PATH"])
      assert.deepStrictEqual(problems, [])
      assert.deepStrictEqual({ ...process.env }, before)
    }).pipe(Effect.provide(files({ ".env": "PATH=nowhere\n# comment\nTICKLAKE_ONLY_HERE=\"a b\"\n" }))))

  it.effect("may be missing", () =>
    Effect.gen(function*() {
      const { variables, problems } = yield* readEnvironment
      assert.deepStrictEqual({ ...variables }, { ...process.env })
      assert.deepStrictEqual(problems, [])
    }).pipe(Effect.provide(files({}))))

  it.effect("reaches the configuration, and is a problem when nobody may read it", () =>
    Effect.gen(function*() {
      const contents = { "a.toml": market, ".env": "CONFIG_PATH=a.toml\nHOME_SERVER_NAME=seoul-2\n" }
      const config = yield* loadConfig({ path: null, notations }).pipe(Effect.provide(files(contents)))
      assert.strictEqual(config.aws.homeServerName, "seoul-2")
      const error = yield* Effect.flip(
        loadConfig({ path: "a.toml", notations }).pipe(Effect.provide(files({ ...contents, ".env": null })))
      )
      assert.deepStrictEqual(error.problems.map(({ path }) => path), [".env"])
    }))
})

describe("variables", () => {
  it.effect("override the file", () =>
    Effect.gen(function*() {
      const config = yield* load(
        `[http]\nhost = "127.0.0.2"\nport = 1\n[aws]\nregion = "a"\nbucket = "aaa"\nhome_server_name = "a"\n${market}`,
        {
          LOG_LEVEL: "dEbUg",
          METRICS_HOST: "0.0.0.0",
          METRICS_PORT: "8080",
          BUCKET_NAME: "ticks",
          HOME_SERVER_NAME: "tokyo-1",
          AWS_REGION: "ap-northeast-1",
          DATA_DIR: "/var/lib/ticklake-1"
        }
      )
      assert.strictEqual(config.logging.level, "Debug")
      assert.strictEqual(config.storage.dataDir, "/var/lib/ticklake-1")
      assert.deepStrictEqual(config.http, { host: "0.0.0.0", port: 8080 })
      assert.deepStrictEqual(config.aws, {
        region: "ap-northeast-1",
        bucket: "ticks",
        homeServerName: "tokyo-1",
        endpoint: null,
        forcePathStyle: false
      })
    }))

  // docker-compose.yml hands every variable over, empty where .env does not set it.
  it.effect("count as not set when empty", () =>
    Effect.gen(function*() {
      const names = [
        "LOG_LEVEL",
        "METRICS_HOST",
        "METRICS_PORT",
        "BUCKET_NAME",
        "HOME_SERVER_NAME",
        "AWS_REGION",
        "DATA_DIR",
        "SHARD_INDEX",
        "SHARD_COUNT",
        "AWS_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "COINBASE_API_KEY",
        "COINBASE_API_SECRET",
        "COINBASE_API_SECRET_FILE"
      ]
      const empty = Object.fromEntries(names.map((name) => [name, ""]))
      assert.deepStrictEqual(yield* load(market, empty), yield* load(market, {}))
      assert.strictEqual((yield* load(market, empty)).logging.level, "Info")
    }))

  it.effect.each(
    [["trace", "Trace"], ["WARN", "Warn"], ["Warning", "Warn"], ["none", "None"], ["All", "All"]] as const
  )(
    "LOG_LEVEL=%s",
    ([written, level]) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* load(market, { LOG_LEVEL: written })).logging.level, level)
      })
  )

  it.effect.each(
    [
      ["LOG_LEVEL", "loud"],
      ["METRICS_HOST", "0.0.0.0 9090"],
      ["METRICS_PORT", "-1"],
      ["METRICS_PORT", "80.5"],
      ["METRICS_PORT", "http"],
      ["METRICS_PORT", "0x2382"],
      ["METRICS_PORT", "9e3"],
      ["BUCKET_NAME", "a/b"],
      ["HOME_SERVER_NAME", "../x"],
      ["AWS_REGION", "us east"],
      ["DATA_DIR", "a\u0007b"],
      ["DATA_DIR", "~/ticklake"],
      ["SHARD_INDEX", "-1"],
      ["SHARD_INDEX", "1.5"],
      ["SHARD_INDEX", "1e1"],
      ["SHARD_INDEX", "1000"],
      ["SHARD_INDEX", "ticklake"],
      ["SHARD_INDEX", "ticklake-"],
      ["SHARD_COUNT", "-4"],
      ["SHARD_COUNT", "2.0"],
      ["SHARD_COUNT", "1001"],
      ["SHARD_COUNT", "ticklake-4"]
    ] as const
  )("%s=%s is a problem that does not repeat the value", ([name, value]) =>
    Effect.gen(function*() {
      const { problems } = yield* errorOf(market, { [name]: value })
      assert.deepStrictEqual(problems.map(({ path }) => path), [name])
      assert.include(problems[0]?.instead, `set ${name}=`)
      assert.notInclude(`${problems[0]?.expected}`, value)
    }))
})
