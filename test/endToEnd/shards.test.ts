import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Option } from "effect"
import { sourceOf } from "../../src/cli/inspect/sourceOf.ts"
import { surveyOf } from "../../src/cli/coverage/survey.ts"
import { readRows } from "../../src/cli/readRows.ts"
import { audit } from "../../src/simulator/audit.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { start } from "../cli/process.ts"
import { until } from "../until.ts"
import { assertComplete, assertNothingLost } from "./harness.ts"

const okx = ["BTC-USDT", "ETH-USDT", "SOL-USDT", "ADA-USDT"] as const

interface Served {
  readonly status: string
  readonly shard: { readonly index: number; readonly count: number } | null
  readonly reasons: ReadonlyArray<{ readonly code: string }>
  readonly feeds: ReadonlyArray<{ readonly symbol: string; readonly data_type: string }>
}

const urlOf = (said: string) => /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? ""
const health = (said: string) =>
  Effect.promise(async (): Promise<Served> => JSON.parse(await (await fetch(`${urlOf(said)}/health`)).text()))
const symbolsOf = ({ feeds }: Served) => [...new Set(feeds.map(({ symbol }) => symbol))]

describe("shards", () => {
  it.live(
    "share one configuration and one archive: each feed is in one process, also after a reload and with one process more",
    () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-shards-" })
        const simulator = yield* Simulator.make({ rate: 100, symbols: { okx } })
        const { ledger } = simulator
        const config = (count: number, symbols: ReadonlyArray<string>) =>
          `storage = { local_path = "FOLDER/archive" }\nshard = { count = ${count} }\n[[markets]]\nexchange = "okx"\n` +
          `symbols = ${JSON.stringify(symbols)}\nbase_url = "${simulator.baseUrl("okx")}"\n`
        const shard = (index: number, text: string) =>
          start(text, folder, { SHARD_INDEX: `recorder-${index}`, DATA_DIR: `${folder}/recording-${index}` })
        const write = (text: string) => fs.writeFileString(`${folder}/config.toml`, text.replaceAll("FOLDER", folder))
        const sent = (symbol: string) => ledger.entries({ symbol }).length

        const three = config(2, ["BTC-USDT", "SOL-USDT", "ADA-USDT"])
        const [zero, one] = [yield* shard(0, three), yield* shard(1, three)]
        yield* simulator.until(() => sent("BTC-USDT") > 50 && sent("SOL-USDT") > 50 && sent("ADA-USDT") > 50)
        assert.match(zero.state.said, /INFO {2}shard 0 of 2 \(0 to 1\) records 4 of 6 feeds\n/)
        assert.match(one.state.said, /INFO {2}shard 1 of 2 \(0 to 1\) records 2 of 6 feeds\n/)
        assert.deepStrictEqual(symbolsOf(yield* health(zero.state.said)), ["solusdt", "adausdt"])
        assert.deepStrictEqual(symbolsOf(yield* health(one.state.said)), ["btcusdt"])

        // A symbol more is for one of them; the other reads the same file and has nothing to do.
        yield* write(config(2, okx))
        for (const { child } of [zero, one]) child.kill("SIGHUP")
        yield* until(() => zero.state.said.includes("nothing to change, 4 feeds as before"))
        yield* until(() => one.state.said.includes("2 feeds added (okx/ethusdt/orderbook, okx/ethusdt/trade)"))

        // A third process takes over what is its own; then the others let go of it.
        yield* write(config(3, okx))
        const before = Date.now() * 1000
        const two = yield* shard(2, config(3, okx))
        yield* until(() =>
          ledger.connections().filter(({ subscriptions }) => subscriptions.some(({ symbol }) => symbol === "ADA-USDT"))
            .length === 4
        )
        const adaSent = sent("ADA-USDT")
        yield* simulator.until(() => sent("ADA-USDT") > adaSent + 200)
        for (const { child } of [zero, one]) child.kill("SIGHUP")
        yield* until(() => zero.state.said.includes("2 removed (okx/adausdt/orderbook, okx/adausdt/trade)"))
        yield* until(() => one.state.said.includes("nothing to change, 4 feeds as before"))
        const answers = yield* Effect.forEach([zero, one, two], ({ state }) => health(state.said))
        assert.deepStrictEqual(answers.map((answer) => answer.shard), [0, 1, 2].map((index) => ({ index, count: 3 })))
        assert.deepStrictEqual(answers.map(symbolsOf), [["solusdt"], ["btcusdt", "ethusdt"], ["adausdt"]])
        const metrics = yield* Effect.promise(() =>
          fetch(`${urlOf(two.state.said)}/metrics`).then((each) => each.text())
        )
        assert.match(metrics, /^collector_shard_index 2$/m)
        assert.match(metrics, /^collector_shards 3$/m)
        const later = sent("ADA-USDT")
        yield* simulator.until(() => sent("ADA-USDT") > later + 50 && sent("ETH-USDT") > 50)

        yield* simulator.stopTraffic
        yield* simulator.flushed
        for (const { child } of [zero, one, two]) child.kill("SIGTERM")
        yield* until(() => [zero, one, two].every(({ state }) => state.ended))
        for (const { state } of [zero, one, two]) assert.strictEqual(state.code, 0, state.said)

        const audits = audit(ledger.entries(), ledger.connections(), yield* readRows(`${folder}/archive`))
        assert.strictEqual(audits.length, 8)
        // For a moment two processes recorded what moved: nothing of it is lost, and some of it is there twice.
        const stayed = audits.filter(({ feedId }) => !feedId.startsWith("okx/adausdt"))
        assertComplete(stayed)
        assertNothingLost(stayed)

        const source = yield* sourceOf(`${folder}/archive`, Option.none())
        const { feeds } = yield* surveyOf(source, { asked: () => true, from: null, to: null, verify: true })
        assert.strictEqual(feeds.length, 8)
        for (const { coverage, feed } of feeds) {
          assert.deepStrictEqual(coverage.breaks, [], feed)
          assert.isFalse(coverage.hours.some((hour) => hour.class === "unexplained"), feed)
          if (!feed.startsWith("okx/adausdt")) continue
          // The stop of the process that had it before is no gap: another one had begun.
          for (const { id } of coverage.gaps) assert.isAbove(Number(id.split("-")[1]), before, feed)
        }
      }).pipe(Effect.provide(NodeServices.layer)),
    90_000
  )

  it.live("a process without feeds is ready, says so, and stops with 0", () =>
    Effect.gen(function*() {
      const { child, state } = yield* start(
        "storage = { local_path = \"FOLDER/archive\" }\n[[markets]]\nexchange = \"okx\"\nsymbols = [\"BTC-USDT\"]\nbase_url = \"ws://127.0.0.1:1\"\n",
        undefined,
        { SHARD_INDEX: "recorder-0", SHARD_COUNT: "4" }
      )
      yield* until(() => state.ended || state.said.includes("recording 0 feeds"))
      assert.match(state.said, /WARN {2}shard 0 of 4 \(0 to 3\) has none of the 2 feeds: it records nothing/)
      const answer = yield* health(state.said)
      assert.strictEqual(answer.status, "degraded")
      assert.deepStrictEqual(answer.reasons.map(({ code }) => code).filter((code) => code !== "disk_low"), ["no_feeds"])
      assert.strictEqual((yield* Effect.promise(() => fetch(`${urlOf(state.said)}/ready`))).status, 200)
      child.kill("SIGTERM")
      yield* until(() => state.ended)
      assert.strictEqual(state.code, 0, state.said)
      assert.notInclude(state.said, "feeds deliver")
    }).pipe(Effect.provide(NodeServices.layer)))
})
