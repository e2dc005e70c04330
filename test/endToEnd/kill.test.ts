import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Random } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { surveyOf } from "../../src/cli/coverage/survey.ts"
import { localSource } from "../../src/cli/inspect/localSource.ts"
import { readRows } from "../../src/cli/readRows.ts"
import { venues } from "../../src/domain/Venue.ts"
import { audit } from "../../src/simulator/audit.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { defaults } from "../../src/simulator/SimulatorOptions.ts"
import { brokenLinks } from "../sinks/chain.ts"
import { until } from "../until.ts"
import { accountForTrades, assertAccounted, latestGaps } from "./accounting.ts"
import { readEvents } from "./recordedEvents.ts"

const commitMillis = 100
/** An event on its way through sockets and a busy machine, and then one commit. */
const coveredAfterMillis = commitMillis + 1500

const configText = (folder: string, simulator: Simulator.Simulator["Service"]) =>
  [
    "[storage]",
    `data_dir = "${folder}/recording"`,
    `local_path = "${folder}/archive"`,
    `commit_interval_ms = ${commitMillis}`,
    "max_file_age_secs = 2",
    ...venues.flatMap((exchange) => [
      "[[markets]]",
      `exchange = "${exchange}"`,
      `symbols = ${JSON.stringify(defaults.symbols[exchange].slice(0, 1))}`,
      `base_url = "${simulator.baseUrl(exchange)}"`
    ])
  ].join("\n")

/** A recorder in a process of its own, and what it says. */
const start = (config: string) => {
  const child = spawn(process.execPath, ["src/main.ts", "run", "--config", config], {
    stdio: ["ignore", "ignore", "pipe"]
  })
  let said = ""
  child.stderr.on("data", (text) => {
    said += String(text)
  })
  return { child, said: () => said }
}

const ended = (child: ChildProcess) =>
  Effect.promise(async () => {
    const exited = once(child, "exit")
    if (child.exitCode === null && child.signalCode === null) await exited
    return child.exitCode
  })

describe("a recorder that is killed", () => {
  it.live("again and again loses no row that a commit covered, and has none twice", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
      const simulator = yield* Simulator.make({ rate: 300 })
      const config = `${folder}/config.toml`
      yield* fs.writeFileString(config, configText(folder, simulator))
      const endedAt: Array<number> = []
      const recordSome = Effect.fnUntraced(function*(events: number) {
        const { child, said } = start(config)
        yield* Effect.addFinalizer(() => Effect.sync(() => child.kill("SIGKILL")))
        const enough = simulator.ledger.count + events
        yield* until(() => simulator.ledger.count > enough || child.exitCode !== null)
        assert.isNull(child.exitCode, said())
        return { child, said }
      })
      for (let kills = 0; kills < 4; kills++) {
        const { child } = yield* recordSome(yield* Random.nextIntBetween(4000, 9000))
        child.kill("SIGKILL")
        endedAt.push(Date.now())
        yield* ended(child)
      }
      const { child, said } = yield* recordSome(4000)
      assert.match(said(), /recovered what the last run left/)
      yield* simulator.stopTraffic
      yield* simulator.flushed
      child.kill("SIGTERM")
      // What still was in a socket then was not received.
      endedAt.push(Date.now())
      assert.strictEqual(yield* ended(child), 0, said())

      const left = yield* fs.readDirectory(`${folder}/recording`, { recursive: true })
      assert.deepStrictEqual(
        left.filter((name) =>
          /parquet|journal\/|quarantine|\.json/.test(name) && !/^\.state\/[a-z.]+\.json$/.test(name)
        ),
        []
      )
      assert.deepStrictEqual(yield* Effect.promise(() => brokenLinks(`${folder}/archive`)), [])
      const rows = yield* readRows(`${folder}/archive`)
      const connections = simulator.ledger.connections()
      for (const { feedId, missing, recorded, surplus } of audit(simulator.ledger.entries(), connections, rows)) {
        assert.deepStrictEqual({ feedId, missing: missing.length, surplus: surplus.length }, {
          feedId,
          missing: 0,
          surplus: 0
        })
        assert.isAbove(recorded, 50, feedId)
      }
      assertAccounted(yield* accountForTrades(simulator, `${folder}/archive`))
      const crashes = (yield* latestGaps(`${folder}/archive`)).filter(({ gap }) => gap.cause === "recorder_crashed")
      // From the last durable row to the first new one; where the venue counts, only if something was between them.
      assert.isAbove(crashes.length, 5)
      const received = new Set((yield* readEvents(`${folder}/archive`)).map(({ receivedMicros }) => receivedMicros))
      for (const { gap } of crashes) {
        assert.isTrue(received.has(gap.openedMicros) && received.has(gap.closedMicros ?? 0), JSON.stringify(gap))
      }
      const survey = yield* surveyOf(yield* localSource(`${folder}/archive`), {
        asked: () => true,
        from: null,
        to: null,
        verify: true
      })
      for (const { coverage, feed } of survey.feeds) {
        assert.isTrue(coverage.hours.every((hour) => hour.class !== "unexplained"), feed)
      }
      const openedAt = new Map(connections.map((each) => [each.connection, each.openedAt]))
      const covered = simulator.ledger.entries().filter(({ connection, sentAtMillis }) =>
        !endedAt.some((at) => (openedAt.get(connection) ?? 0) <= at && sentAtMillis > at - coveredAfterMillis)
      )
      assert.isAbove(covered.length, 1000)
      for (const { feedId, missing } of audit(covered, [], rows)) assert.deepStrictEqual(missing.length, 0, feedId)
    }).pipe(Effect.provide(NodeServices.layer)), 120_000)
})
