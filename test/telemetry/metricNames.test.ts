import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { metrics } from "../../src/telemetry/Metrics.ts"
import { environment, world } from "../endToEnd/harness.ts"
import { until } from "../until.ts"
import { dashboardNames, dashboardText, metricsIn } from "./dashboards.ts"
import { parse } from "./exposition.ts"
import { findProgram } from "./prometheusPrograms.ts"

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")
const ours = /\b(?:collector|process|nodejs)_[a-z0-9_]+/g

const pages = ["README.md", "config.toml", "prometheus.yml", ...readdirSync("docs").map((name) => `docs/${name}`)]
const judged = [read("alerts.yml"), ...dashboardNames.map(dashboardText)].join("\n")
const named = metricsIn([judged, ...pages.map(read)].join("\n"), ours)

/** What promtool has to say of names that prom-client or the project has promised. */
const accepted = [
  /^nodejs_\w+ /,
  /^process_\w+ /,
  /^collector_latency_exchange_to_collector_ms use base unit "seconds" instead of "milliseconds"$/,
  /^collector_latency_exchange_to_collector_ms metric names should not contain abbreviated units$/
]

describe("the names of metrics", () => {
  const promtool = findProgram("promtool")

  it.live("are the same in the process, in dashboards and alerts, and in the documentation", () =>
    Effect.gen(function*() {
      const { feeds, url } = yield* world({ venues: ["okx"], simulator: { rate: 200 } })
      yield* until(() => feeds().every((stats) => stats.events > 0))
      const scrape = (accept: string) =>
        Effect.promise(() => fetch(`${url}/metrics`, { headers: { accept } }).then((response) => response.text()))
      const text = yield* scrape("text/plain")
      const exposed = parse(text)

      for (const name of named) assert.isTrue(exposed.has(name), `${name} is named and not exported`)
      const used = metricsIn(judged, ours)
      const documented = metricsIn(read("docs/metrics.md"), ours)
      for (const [name, { help, type }] of exposed) {
        assert.isNotEmpty(help, name)
        assert.match(type, /^(counter|gauge|histogram)$/, name)
        assert.isTrue(documented.has(name), `${name} is not documented`)
        if (name.startsWith("collector_")) assert.isTrue(used.has(name), `${name} is in no dashboard and no alert`)
      }
      assert.includeMembers([...exposed.keys()], Object.keys(metrics))

      const openmetrics = yield* scrape("application/openmetrics-text; version=1.0.0")
      assert.match(openmetrics, /# EOF\n$/)
      const inOpenMetrics = parse(openmetrics)
      for (const [name, { samples, type }] of exposed) {
        if (!name.startsWith("collector_")) continue
        const same = inOpenMetrics.get(type === "counter" ? name.replace(/_total$/, "") : name)
        assert.strictEqual(same?.type, type, name)
        assert.strictEqual(same?.samples.length, samples.length, name)
      }

      if (!promtool.found) return
      const { stderr, stdout } = spawnSync(promtool.path, ["check", "metrics"], { input: text, encoding: "utf8" })
      const complaints = `${stdout}${stderr}`.split("\n").filter((line) => line !== "")
      assert.deepStrictEqual(complaints.filter((line) => !accepted.some((known) => known.test(line))), [])
    }).pipe(Effect.provide(environment)))
})
