import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { spawn } from "node:child_process"
import packageJson from "../../package.json" with { type: "json" }
import { readRows } from "../../src/cli/readRows.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { until } from "../until.ts"
import { logged, start } from "./process.ts"

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
      told(/stopping sinks: 3 files sealed \(\d+ rows\), 0 left open, 0 rows left/)
      told(/stopping writers: no row waits to be written/)
      told(/stopping the journal: \d segments? removed, nothing left in it/)
      told(/stopping uploads: \d files? stored, 0 left/)
      assert.isAbove((yield* readRows(`${folder}/archive`)).length, 150)
      // Down to the last one: the log outlives everything that it tells of.
      const said = state.said.split("\n").filter((line) => /^\d{4}-\d{2}-\d{2}T/.test(line))
      const messages = (yield* logged(folder)).map(({ message }) => String(message))
      assert.strictEqual(messages.length, said.length)
      messages.forEach((message, i) => assert.include(said[i], message))
      assert.match(messages.at(-1)!, /^[\d,]+ events? received, 0 dropped, 0 rows lost/)
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

  it.live("takes a Ctrl-C that the terminal sends to npm too, and npm hands on, for one request", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-npm-" })
      const simulator = yield* Simulator.make({ rate: 100 })
      // npm looks for the script in the folder that it is started in, where the log files go as well.
      yield* fs.writeFileString(`${folder}/package.json`, JSON.stringify({ scripts: packageJson.scripts }))
      yield* fs.symlink(new URL("../../src", import.meta.url).pathname, `${folder}/src`)
      yield* fs.writeFileString(`${folder}/config.toml`, config(simulator.baseUrl("okx")).replaceAll("FOLDER", folder))
      const npm = yield* Effect.acquireRelease(
        Effect.sync(() => spawn("npm", ["start"], { cwd: folder, detached: true, stdio: "ignore" })),
        ({ pid }) => Effect.ignore(Effect.try(() => process.kill(-pid!, "SIGKILL")))
      )
      let code: number | null = null
      npm.once("exit", (status) => {
        code = status ?? -1
      })
      yield* simulator.until((ledger) => ledger.count > 200)
      yield* simulator.faults.inject({ kind: "hang-close" })
      process.kill(-npm.pid!, "SIGINT")
      yield* until(() => code !== null)
      assert.strictEqual(code, 0)
      assert.isAbove((yield* readRows(`${folder}/archive`)).length, 150)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("a second one in the same folder ends with 75, says so once, and has it in the log file of both", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 100 })
      const { folder } = yield* start(config(simulator.baseUrl("okx")))
      yield* simulator.until((ledger) => ledger.count > 0)
      const second = yield* start(config(simulator.baseUrl("okx")), folder)
      yield* until(() => second.state.ended)
      assert.strictEqual(second.state.code, 75, second.state.said)
      assert.strictEqual(second.state.said.split("is in use by process").length, 2, second.state.said)
      const fatal = (yield* logged(folder)).filter(({ level }) => level === "fatal")
      assert.strictEqual(fatal.length, 1)
      assert.match(String(fatal[0]?.["message"]), /is in use by process \d+ .*; the process ends$/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("ends with 73 where it may write no log files, and says what to set", () =>
    Effect.gen(function*() {
      const { state } = yield* start(`logging = { dir = "FOLDER/config.toml/logs" }\n${config("ws://127.0.0.1:1")}`)
      yield* until(() => state.ended)
      assert.strictEqual(state.code, 73, state.said)
      assert.match(
        state.said,
        /^no log files can be written in .*config\.toml\/logs: .*set logging\.dir to another folder\n$/
      )
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("ends with 78 when the configuration is wrong, and says what to write", () =>
    Effect.gen(function*() {
      const { state } = yield* start(`[[markets]]\nexchange = "okx"\nsymbols = ["BTCUSDT"]\n`)
      yield* until(() => state.ended)
      assert.strictEqual(state.code, 78, state.said)
      assert.match(state.said, /markets\[0\]\.symbols\[0\][\s\S]*BTC-USDT/)
      assert.notMatch(state.said, /at .*\.ts:\d+/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("ends with 78 where its port is taken, and says what to change", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ rate: 100 })
      const taken = String(simulator.port)
      const { state } = yield* start(config(simulator.baseUrl("okx")), undefined, { METRICS_PORT: taken })
      yield* until(() => state.ended)
      assert.strictEqual(state.code, 78, state.said)
      assert.include(state.said, `cannot be served at 127.0.0.1:${taken}: another program listens there`)
      assert.notMatch(state.said, /^\s+at /m)
    }).pipe(Effect.provide(NodeServices.layer)))
})
