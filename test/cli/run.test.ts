import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { spawn } from "node:child_process"
import { readRows } from "../../src/cli/readRows.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { until } from "../until.ts"

const main = new URL("../../src/main.ts", import.meta.url).pathname

/** Starts `ticklake run` as a process of its own, and collects what it says. */
const start = Effect.fnUntraced(function*(config: string) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-run-" })
  const path = `${folder}/config.toml`
  yield* fs.writeFileString(path, config.replaceAll("FOLDER", folder))
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [main, "run", "--config", path], { cwd: folder })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const state = { said: "", code: null as number | null, ended: false }
  child.stdout.on("data", (chunk: Buffer) => {
    state.said += chunk.toString()
  })
  child.stderr.on("data", (chunk: Buffer) => {
    state.said += chunk.toString()
  })
  child.on("exit", (code) => {
    state.code = code
    state.ended = true
  })
  return { child, folder, state }
})

const config = (url: string) =>
  `storage = { data_dir = "FOLDER/recording", local_path = "FOLDER/archive" }
[[markets]]
exchange = "okx"
symbols = ["BTC-USDT"]
base_url = "${url}"
`

describe("ticklake run", () => {
  it.live("ends with 0 after SIGTERM, everything sealed and moved", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 100 })
      const { child, folder, state } = yield* start(config(simulator.baseUrl("okx")))
      yield* simulator.until((ledger) => ledger.count > 200)
      child.kill("SIGTERM")
      yield* until(() => state.ended)
      assert.strictEqual(state.code, 0, state.said)
      const told = (line: RegExp) =>
        assert.match(state.said, new RegExp(`^\\S+ INFO  ${line.source}, \\d\\.\\d s$`, "m"))
      told(/stopping feeds: 2 of 2 connections closed, 0 events left in queues/)
      told(/stopping sinks: 2 files sealed \(\d+ rows\), 0 left open, 0 rows left/)
      told(/stopping writers: no row waits to be written/)
      told(/stopping the journal: \d segments? removed, nothing left in it/)
      told(/stopping uploads: \d files? stored, 0 left/)
      assert.isAbove((yield* readRows(`${folder}/archive`)).length, 150)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("ends at once with 130 at the second signal", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 100 })
      const { child, state } = yield* start(config(simulator.baseUrl("okx")))
      yield* simulator.until((ledger) => ledger.count > 20)
      yield* simulator.faults.inject({ kind: "hang-close" })
      child.kill("SIGTERM")
      // The first signal is heard when the close handshake has begun, which nobody answers for three seconds.
      yield* simulator.until((ledger) => ledger.count > 100)
      child.kill("SIGINT")
      yield* until(() => state.ended)
      assert.strictEqual(state.code, 130, state.said)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("ends with 78 when the configuration is wrong, and says what to write", () =>
    Effect.gen(function*() {
      const { state } = yield* start(`[[markets]]\nexchange = "okx"\nsymbols = ["BTCUSDT"]\n`)
      yield* until(() => state.ended)
      assert.strictEqual(state.code, 78, state.said)
      assert.match(state.said, /markets\[0\]\.symbols\[0\][\s\S]*BTC-USDT/)
      assert.notMatch(state.said, /at .*\.ts:\d+/)
    }).pipe(Effect.provide(NodeServices.layer)))
})
