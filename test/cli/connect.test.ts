import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Redacted } from "effect"
import { spawnSync } from "node:child_process"
import { createServer } from "node:net"
import type { Answer } from "../../src/cli/check/Answer.ts"
import { answers, answerText, reportAnswers } from "../../src/cli/check/answers.ts"
import { noOverrides } from "../../src/config/Overrides.ts"
import { resolveConfig } from "../../src/config/resolveConfig.ts"
import { type Venue, venues } from "../../src/domain/Venue.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { defaults } from "../../src/simulator/SimulatorOptions.ts"
import * as s3StandIn from "../upload/s3StandIn.ts"
import { webServer } from "../upload/webServer.ts"

interface Market {
  readonly exchange: Venue
  readonly symbols?: ReadonlyArray<string>
  readonly feeds?: ReadonlyArray<"orderbook" | "trades">
  readonly base_url: string
}

interface Given {
  readonly markets?: ReadonlyArray<Market>
  readonly server?: s3StandIn.S3StandIn
  readonly bucket?: string
  readonly endpoint?: string
  readonly secret?: string
  readonly storage?: Readonly<Record<string, string | number>>
  readonly logDir?: string
}

/** A configuration whose folders are in a new temporary one. */
const configOf = Effect.fnUntraced(
  function*({ bucket, endpoint, logDir, markets = [], secret, server, storage }: Given) {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
    const at = endpoint ?? server?.endpoint
    return resolveConfig(
      "test",
      {
        storage: {
          mode: at === undefined ? "local" : "s3",
          data_dir: `${folder}/recording/parquet`,
          local_path: yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" }),
          max_file_size_mb: 1,
          ...storage
        },
        logging: { dir: logDir ?? `${folder}/logs` },
        aws: { force_path_style: true, ...(at === undefined ? {} : { endpoint: at }), ...(bucket ? { bucket } : {}) },
        markets: markets.map((market) => ({ symbols: defaults.symbols[market.exchange], ...market }))
      },
      noOverrides,
      {
        aws: {
          accessKeyId: Redacted.make("AKIDTICKLAKE"),
          secretAccessKey: Redacted.make(secret ?? "very-secret-indeed")
        },
        coinbase: null
      }
    )
  }
)

/** Milliseconds that a test gives a venue. */
const patience = 400

const asked = (given: Given, waitMillis = 10_000) =>
  Effect.flatMap(configOf(given), (config) => answers(config, waitMillis))

const venueAnswers = (all: ReadonlyArray<Answer>) => all.filter(({ what }) => /^\w+ ws:/.test(what))
const only = (all: ReadonlyArray<Answer>): Answer => {
  assert.strictEqual(all.length, 1)
  return all[0] ?? assert.fail("no answer")
}

/** A port of this machine on which nobody listens. */
const closedPort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

describe("check --connect", () => {
  it.live("asks each venue and URL once, for a book where one is recorded, and the folders", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make()
      const config = yield* configOf({
        markets: [
          ...venues.map((exchange) => ({
            exchange,
            feeds: ["trades", "orderbook"] as const,
            base_url: simulator.baseUrl(exchange)
          })),
          { exchange: "coinbase", feeds: ["trades"], base_url: simulator.baseUrl("coinbase-exchange") }
        ]
      })
      const all = yield* answers(config)
      assert.deepStrictEqual(all.filter(({ trouble }) => trouble !== null), [])
      assert.deepStrictEqual(venueAnswers(all).map(({ answer, what }) => `${what.split(" ")[0]} ${answer}`), [
        ...venues.map((venue) => `${venue} first order book of ${defaults.symbols[venue][0]}`),
        "coinbase first trade of BTC-USD"
      ])
      assert.strictEqual(simulator.ledger.connections().length, 6)
      assert.match(answerText(all), /^data_dir \S+ +can be made, \d+\.\d [KMGT]iB free +\d+ ms$/m)
      assert.match(answerText(all), /^local_path \S+ +can be written, /m)
      assert.match(answerText(all), /^logging\.dir \S+ +can be made, /m)
      const fs = yield* FileSystem.FileSystem
      assert.isFalse(yield* fs.exists(config.storage.dataDir))
      yield* reportAnswers(config)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("says how a venue refuses, and what can be done", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make()
      yield* simulator.faults.refuse({ kind: "refuse", status: 403 }, { venue: "binance" })
      const market = { exchange: "binance", base_url: simulator.baseUrl("binance") } as const
      const refused = only(venueAnswers(yield* asked({ markets: [market] })))
      assert.strictEqual(refused.answer, "REFUSED")
      assert.match(refused.trouble ?? "", /refused the connection with HTTP 403.*; \w/)
      const unknown = only(venueAnswers(
        yield* asked({ markets: [{ exchange: "okx", symbols: ["NO-COIN"], base_url: simulator.baseUrl("okx") }] })
      ))
      assert.strictEqual(unknown.answer, "REFUSED")
      assert.match(unknown.trouble ?? "", /rejects the subscription to NO-COIN: .*; correct NO-COIN in the symbols/)
      const error = yield* Effect.flip(Effect.flatMap(configOf({ markets: [market] }), reportAnswers))
      assert.strictEqual(error.message, "1 of 4 cannot be used as configured")
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("says when a venue is silent: after the subscription, or already at the handshake", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make()
      const market = { exchange: "upbit", symbols: ["KRW-NONE"], base_url: simulator.baseUrl("upbit") } as const
      const silent = only(venueAnswers(yield* asked({ markets: [market] }, patience)))
      assert.strictEqual(silent.answer, "NO ANSWER")
      assert.isAtLeast(silent.millis, patience - 1)
      assert.match(silent.trouble ?? "", /^no market data of KRW-NONE within 0.4 s; check that upbit lists KRW-NONE/)
      yield* simulator.faults.refuse({ kind: "no-handshake" }, { venue: "bybit" })
      const mute = { exchange: "bybit", base_url: simulator.baseUrl("bybit") } as const
      const unopened = only(venueAnswers(yield* asked({ markets: [mute] }, patience)))
      assert.match(unopened.trouble ?? "", /timed out while opening; check base_url of this market; check the network/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("keeps the venue's limit of connections", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make()
      // OKX takes three connections in one and a half seconds.
      const markets = Array.from({ length: 4 }, (_, index) => ({
        exchange: "okx" as const,
        base_url: `${simulator.baseUrl("okx")}?${index}`
      }))
      const all = venueAnswers(yield* asked({ markets }))
      assert.strictEqual(all.length, 4)
      const opened = simulator.ledger.connections().map(({ openedAt }) => openedAt).toSorted((a, b) => a - b)
      assert.isAtLeast((opened[3] ?? 0) - (opened[0] ?? 0), 1400)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("asks for the bucket without making it", () =>
    Effect.gen(function*() {
      const server = yield* s3StandIn.make()
      const bucketOf = (given: Given) =>
        Effect.map(asked(given), (all) => only(all.filter(({ what }) => what.startsWith("bucket"))))
      const there = yield* bucketOf({ server })
      assert.deepStrictEqual([there.answer, there.trouble], ["is there", null])
      const missing = yield* bucketOf({ server, bucket: "elsewhere" })
      assert.deepStrictEqual([missing.answer, missing.trouble], ["is missing; the first start creates it", null])
      assert.deepStrictEqual(new Set(server.requests), new Set(["HeadBucket", "ListObjects"]))
      const wrongKey = yield* bucketOf({ server, secret: "wrong" })
      assert.strictEqual(wrongKey.answer, "REFUSED")
      assert.match(wrongKey.trouble ?? "", /SignatureDoesNotMatch.*; correct AWS_ACCESS_KEY and AWS_SECRET_KEY/)
      const far = yield* bucketOf({ server: yield* s3StandIn.make({ region: "eu-west-3" }) })
      assert.match(far.trouble ?? "", /is in eu-west-3: write aws.region = "eu-west-3"/)
      const page = yield* bucketOf({ endpoint: yield* webServer(200, "<html>Welcome</html>") })
      assert.strictEqual(page.answer, "REFUSED")
      assert.match(page.trouble ?? "", /is no object store: .*; check that aws\.endpoint \(http/)
      const nobody = yield* bucketOf({ endpoint: `http://127.0.0.1:${yield* closedPort}` })
      assert.strictEqual(nobody.answer, "NO ANSWER")
      assert.match(nobody.trouble ?? "", /cannot be reached: ECONNREFUSED.*; check that it runs/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("says which folder cannot be used", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.makeTempFileScoped()
      const taken = yield* asked({ storage: { data_dir: `${file}/parquet` } })
      assert.match(
        only(taken.filter(({ trouble }) => trouble !== null)).trouble ?? "",
        /is no folder: move it away, or/
      )
      const lineless = only((yield* asked({ logDir: file })).filter(({ trouble }) => trouble !== null))
      assert.strictEqual(lineless.what, `logging.dir ${file}`)
      assert.match(lineless.trouble ?? "", /is no folder: move it away, or choose another logging\.dir$/)
      const data = yield* Effect.flatMap(fs.makeTempDirectoryScoped({ prefix: "ticklake-" }), fs.realPath)
      const links = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
      yield* fs.symlink(data, `${links}/archive`)
      const apart = Effect.fnUntraced(function*(data_dir: string, local_path: string) {
        const all = yield* asked({ storage: { data_dir, local_path } })
        return only(all.filter(({ what }) => what.startsWith("local_path"))).trouble
      })
      assert.strictEqual(
        yield* apart(data, `${links}/archive`),
        `it must be a folder apart from data_dir, but links lead to ${data}, which is the same folder: choose another local_path`
      )
      assert.match((yield* apart(data, `${links}/archive/below`)) ?? "", /\/below, which is inside it:/)
      assert.match((yield* apart(`${links}/archive/parquet`, data)) ?? "", /which is around it:/)
      assert.isNull(yield* apart(`${data}/parquet`, `${links}/archive/archive`))
      const config = yield* configOf({})
      const small = yield* answers({ ...config, storage: { ...config.storage, maxFileBytes: Number.MAX_SAFE_INTEGER } })
      assert.strictEqual(small.filter(({ trouble }) => trouble?.includes("less than one file may take")).length, 2)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("ends with 1 where nobody listens, and says so", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
      const url = `ws://127.0.0.1:${yield* closedPort}`
      const text = `storage = { max_file_size_mb = 1 }\n[[markets]]\nexchange = "okx"\nsymbols = ["BTC-USDT"]\n`
      yield* fs.writeFileString(`${folder}/config.toml`, `${text}base_url = "${url}?key=hunter2"\n`)
      const main = new URL("../../src/main.ts", import.meta.url).pathname
      const run = (...args: ReadonlyArray<string>) =>
        spawnSync(process.execPath, [main, "check", ...args], { cwd: folder, encoding: "utf8" })
      const { status, stderr, stdout } = run("--connect")
      assert.strictEqual(status, 1, stdout + stderr)
      assert.match(stdout, new RegExp(`^okx ${url} +NO ANSWER +\\d+ ms$`, "m"))
      assert.notInclude(stdout, "hunter2")
      assert.match(stdout, /ECONNREFUSED.*; nobody listens there: check base_url of this market/)
      assert.strictEqual(stderr, "1 of 4 cannot be used as configured\n")
      assert.strictEqual(run().status, 0)
    }).pipe(Effect.provide(NodeServices.layer)))
})
