import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schedule } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { readRows } from "../../src/cli/readRows.ts"
import type { Venue } from "../../src/domain/Venue.ts"
import { audit } from "../../src/simulator/audit.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { assertComplete, assertNothingLost } from "../endToEnd/harness.ts"
import { until } from "../until.ts"
import { listens, logged, start } from "./process.ts"

const main = new URL("../../src/main.ts", import.meta.url).pathname

const market = (simulator: Simulator.Simulator["Service"], exchange: Venue, symbol: string, more = "") =>
  `[[markets]]\nexchange = "${exchange}"\nsymbols = ["${symbol}"]\nbase_url = "${
    simulator.baseUrl(exchange)
  }"\n${more}\n`

const config = (...parts: ReadonlyArray<string>) =>
  `http = { port = 0 }\nstorage = { data_dir = "FOLDER/recording", local_path = "FOLDER/archive" }\n${parts.join("")}`

const served = (said: string): string => /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? assert.fail(said)

const fetched = (url: string) => Effect.promise(() => fetch(url).then((response) => response.text()))

describe("SIGHUP", () => {
  it.live(
    "adds a feed, removes one, connects a changed one anew, and leaves the others alone",
    () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const simulator = yield* Simulator.make({ rate: 100 })
        const { ledger } = simulator
        const kept = market(simulator, "okx", "BTC-USDT")
        const { child, folder, state } = yield* start(
          config(kept, market(simulator, "bybit", "BTCUSDT"), market(simulator, "upbit", "KRW-BTC"))
        )
        const write = (text: string) => fs.writeFileString(`${folder}/config.toml`, text.replaceAll("FOLDER", folder))
        const connectionsOf = (venue: Venue) => ledger.connections().filter((each) => each.venue === venue)
        const count = (venue: Venue) => ledger.entries({ venue }).length
        yield* simulator.until(() => count("okx") > 100 && count("bybit") > 100 && count("upbit") > 100)

        yield* write(config(
          kept,
          market(simulator, "upbit", "KRW-BTC", "data_timeout_secs = 60"),
          market(simulator, "coinbase", "BTC-USD"),
          "[upload]\nmax_attempts = 7\n"
        ))
        child.kill("SIGHUP")
        yield* until(() => state.said.includes("the configuration is in effect"))
        assert.match(
          state.said,
          /WARN {2}changed, and takes effect with the next start: upload\.max_attempts\n/
        )
        assert.match(
          state.said,
          /in effect: 2 feeds added \(coinbase\/btcusd\/orderbook, coinbase\/btcusd\/trade\), 2 removed \(bybit\/btcusdt\/orderbook, bybit\/btcusdt\/trade\), 2 connected anew \(upbit\/krwbtc\/orderbook, upbit\/krwbtc\/trade\), 2 not touched\n/
        )
        // Its connections are closed and its files are stored while the others are recorded.
        assert.deepStrictEqual(connectionsOf("bybit").map(({ end }) => end), ["clean", "clean"])
        yield* until(() => spawnSync("find", [`${folder}/archive/bybit`, "-name", "*.parquet"]).stdout.length > 0)
        const [okx, upbit] = [count("okx"), count("upbit")]
        yield* simulator.until(() => count("coinbase") > 100 && count("okx") > okx + 50 && count("upbit") > upbit + 50)

        const exposed = yield* fetched(`${served(state.said)}/metrics`)
        assert.include(exposed, "collector_config_reloads_total{result=\"applied\"} 1")
        assert.notInclude(exposed, "bybit")
        assert.include(
          exposed,
          "collector_parse_errors_total{exchange=\"coinbase\",symbol=\"btcusd\",data_type=\"trade\"} 0"
        )
        assert.notInclude(yield* fetched(`${served(state.said)}/health`), "bybit")

        yield* write(config(kept, "[[markets]]\nexchange = \"kraken\"\nsymbols = [\"BTC\"]\n"))
        child.kill("SIGHUP")
        yield* until(() => state.said.includes("nothing changes"))
        assert.match(
          state.said,
          /nothing changes: 1 problem in the configuration[\s\S]*markets\[1\]\.exchange\n {4}expected {2}one of "binance"/
        )
        assert.include(
          yield* fetched(`${served(state.said)}/metrics`),
          "collector_config_reloads_total{result=\"rejected\"} 1"
        )

        yield* simulator.stopTraffic
        yield* simulator.flushed
        child.kill("SIGTERM")
        yield* until(() => state.ended)
        assert.strictEqual(state.code, 0, state.said)
        for (const [venue, connections] of [["okx", 2], ["bybit", 2], ["upbit", 4], ["coinbase", 2]] as const) {
          assert.strictEqual(connectionsOf(venue).length, connections, venue)
        }
        const audits = audit(ledger.entries(), ledger.connections(), yield* readRows(`${folder}/archive`))
        assertComplete(audits)
        // What bybit and upbit still send while their connections are being closed is nobody's.
        assertNothingLost(audits.filter(({ feedId }) => !/^(bybit|upbit)/.test(feedId)))
        const lost = (yield* logged(folder)).map(({ message }) => String(message)).filter((line) =>
          line.includes("received, ")
        )
        assert.match(lost.at(-1) ?? "", /^[\d,]+ events received, 0 dropped, 0 rows lost, 0 frames not readable$/)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )

  it.live.runIf(process.platform === "linux")(
    "stops nothing at any moment of the start, and is heeded once recording has begun",
    () =>
      Effect.gen(function*() {
        const simulator = yield* Simulator.make({ rate: 100 })
        const { child, state } = yield* start(config(market(simulator, "okx", "BTC-USDT")))
        yield* until(() => listens(child.pid!))
        for (let times = 0; times < 30 && !state.said.includes("recording 2 feeds"); times++) {
          child.kill("SIGHUP")
          yield* Effect.sleep(50)
        }
        yield* until(() => state.said.includes("nothing to change, 2 feeds as before") || state.ended)
        assert.isFalse(state.ended, state.said)
        yield* simulator.until((ledger) => ledger.count > 100)
        // A stop under way is not held up by another request.
        child.kill("SIGHUP")
        child.kill("SIGTERM")
        child.kill("SIGHUP")
        yield* until(() => state.ended)
        assert.strictEqual(state.code, 0, state.said)
        assert.strictEqual(simulator.ledger.connections().length, 2)
      }).pipe(Effect.provide(NodeServices.layer))
  )

  const terminal = spawnSync("script", ["--version"]).status === 0
  it.live.runIf(terminal)("of a terminal that is closed is a stop", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-terminal-" })
      const simulator = yield* Simulator.make({ rate: 100 })
      const text = config(market(simulator, "okx", "BTC-USDT")).replaceAll("FOLDER", folder)
      yield* fs.writeFileString(`${folder}/config.toml`, text)
      const command = `exec '${process.execPath}' '${main}' run --config '${folder}/config.toml'`
      const script = yield* Effect.acquireRelease(
        Effect.sync(() => spawn("script", ["-qc", command, "/dev/null"], { cwd: folder, stdio: "ignore" })),
        (script) => Effect.sync(() => script.kill("SIGKILL"))
      )
      yield* simulator.until((ledger) => ledger.count > 100)
      const claims = () => fs.readDirectory(`${folder}/recording/.lock`)
      assert.strictEqual((yield* claims()).length, 1)
      script.kill("SIGKILL")
      yield* Effect.repeat(claims(), { schedule: Schedule.spaced("20 millis"), until: (names) => names.length === 0 })
      assert.isAbove((yield* readRows(`${folder}/archive`)).length, 50)
    }).pipe(Effect.provide(NodeServices.layer)))
})
