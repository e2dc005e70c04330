import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, FileSystem, Random } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { appendFileSync } from "node:fs"
import { readRows } from "../../src/cli/readRows.ts"
import { venues } from "../../src/domain/Venue.ts"
import { audit } from "../../src/simulator/audit.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"

const kills = Number(process.env["TICKLAKE_KILLS"] ?? 100)
const commitMillis = 100
/**
 * How long before a kill an event may have been sent and yet be missing: one commit interval, and the time from the
 * simulator's clock to the end of the commit, on a machine with more to do than processors.
 */
const graceMillis = commitMillis + Number(process.env["TICKLAKE_GRACE_MS"] ?? 1500)

const main = new URL("../../src/main.ts", import.meta.url).pathname

const config = (folder: string, simulator: Simulator.Simulator["Service"]) =>
  `[websocket]
initial_retry_delay_secs = 1
[storage]
data_dir = "${folder}/recording"
local_path = "${folder}/archive"
max_file_age_secs = 2
commit_interval_ms = ${commitMillis}
` + venues.map((venue) => `
[[markets]]
exchange = "${venue}"
symbols = ["${simulatorSymbols[venue]}"]
base_url = "${simulator.baseUrl(venue)}"
`).join("")

const simulatorSymbols = {
  binance: "btcusdt",
  coinbase: "BTC-USD",
  upbit: "KRW-BTC",
  okx: "BTC-USDT",
  bybit: "BTCUSDT"
}

const exited = (child: ChildProcess) =>
  Effect.callback<number | null>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.succeed(child.exitCode))
    child.once("exit", (code) => resume(Effect.succeed(code)))
  })

describe("crash", () => {
  it.live(`a recorder killed ${kills} times loses no durable row and doubles none`, () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-crash-" })
      const simulator = yield* Simulator.make({ rate: 300 })
      const configPath = `${folder}/config.toml`
      yield* fs.writeFileString(configPath, config(folder, simulator))
      const log = `${folder}/log`
      yield* fs.writeFileString(log, "")
      const start = Effect.acquireRelease(
        Effect.sync(() => {
          const child = spawn(process.execPath, [main, "run", "--config", configPath], {
            stdio: ["ignore", "pipe", "pipe"]
          })
          child.stderr.on("data", (chunk: Buffer) => appendFileSync(log, chunk))
          child.stdout.on("data", (chunk: Buffer) => appendFileSync(log, chunk))
          return child
        }),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )

      for (let kill = 0; kill < kills; kill++) {
        const child = yield* start
        // A third dies within the start and its recovery, the others while recording, sealing and moving.
        const early = (yield* Random.next) < 1 / 3
        yield* Effect.sleep(yield* early ? Random.nextBetween(200, 1300) : Random.nextBetween(1300, 3500))
        assert.isNull(child.exitCode, yield* fs.readFileString(log))
        child.kill("SIGKILL")
        yield* exited(child)
      }

      const last = yield* start
      yield* Effect.sleep(3000)
      yield* simulator.stopTraffic
      yield* simulator.flushed
      last.kill("SIGTERM")
      assert.strictEqual(yield* exited(last), 0, yield* fs.readFileString(log))

      const rows = yield* readRows(`${folder}/archive`)
      const connections = new Map(simulator.ledger.connections().map((each) => [each.connection, each]))
      let lost = 0
      let oldestMillis = 0
      for (const found of audit(simulator.ledger.entries(), simulator.ledger.connections(), rows)) {
        assert.deepStrictEqual(
          { feed: found.feedId, missing: found.missing.length, doubled: found.surplus.length },
          { feed: found.feedId, missing: 0, doubled: 0 }
        )
        for (const entry of found.lostWithConnection) {
          const closedAt = connections.get(entry.connection)?.closedAt ?? 0
          oldestMillis = Math.max(oldestMillis, closedAt - entry.sentAtMillis)
          assert.isAtLeast(entry.sentAtMillis, closedAt - graceMillis, `${found.feedId}: a durable row is lost`)
        }
        lost += found.lostWithConnection.length
      }
      const left = yield* fs.readDirectory(`${folder}/recording`, { recursive: true })
      assert.deepStrictEqual(left.filter((name) => name.endsWith(".parquet") || name.includes("quarantine/")), [])
      yield* Console.log(
        `${kills} kills: ${simulator.ledger.count} events sent, ${rows.length} rows in files, none doubled; ${lost} lost with ` +
          `the recorder, the oldest sent ${oldestMillis} ms before its end`
      )
    }).pipe(Effect.provide(NodeServices.layer)), 60_000 + kills * 10_000)
})
