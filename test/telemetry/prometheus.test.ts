import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { environment, world } from "../endToEnd/harness.ts"
import { until } from "../until.ts"
import { dashboardNames, panelsOf, readDashboard, substituted } from "./dashboards.ts"
import { serveHost } from "./nodeExporter.ts"
import { findProgram } from "./prometheusPrograms.ts"
import * as prometheusServer from "./prometheusServer.ts"

/** Asks again until the answer is as it should be; the test's own timeout is the limit. */
const eventually = <A, E, R>(ask: Effect.Effect<A, E, R>, as: (answer: A) => boolean): Effect.Effect<A, E, R> =>
  Effect.repeat(ask, { schedule: Schedule.spaced("100 millis"), until: as })

/** What an alert looks at, without the threshold that is not passed while all is well. */
const withoutThresholds = (expr: string): string =>
  expr
    .replaceAll(/ (?:==|<|>) [\d.]+(?: \* \d+)*(?=\s|$)/g, "")
    .replaceAll(/\(time\(\) - (\S+) < 24 \* 3600\)/g, "$1")

describe("a real Prometheus", () => {
  const { found, note } = findProgram("prometheus")

  it.live.runIf(found)(
    `scrapes a recorder: every panel and every rule has its series${note}`,
    () =>
      Effect.gen(function*() {
        const { feed, feeds, simulator, url } = yield* world({
          venues: ["okx", "bybit"],
          simulator: { rate: 100 },
          maxFileAgeSecs: 1,
          // What is told of paths is told where there are several.
          configure: (config) => ({ ...config, feeds: config.feeds.map((feed) => ({ ...feed, paths: 2 })) })
        })
        const server = yield* prometheusServer.serve({ recorder: new URL(url).host, node: yield* serveHost })
        yield* until(() => feeds().every((stats) => stats.events > 100 && stats.filesSealed > 2))

        const targets = yield* eventually(
          server.targets,
          (all) => all.length === 3 && all.every(({ health }) => health === "up")
        )
        assert.deepStrictEqual(targets.map(({ scrapePool }) => scrapePool).toSorted(), [
          "node",
          "prometheus",
          "ticklake"
        ])

        for (const name of dashboardNames) {
          for (const { targets: queries, title } of panelsOf(readDashboard(name))) {
            for (const { expr } of queries) {
              // Rates need some scrapes before they are there.
              yield* eventually(
                server.query(substituted(expr, "5s")),
                (found) => found.some(({ value }) => Number.isFinite(value))
              ).pipe(Effect.timeoutOrElse({
                duration: "40 seconds",
                orElse: () => Effect.die(new Error(`${name}, ${title}: nothing to show for ${expr}`))
              }))
            }
          }
          for (const { name: variable, query } of readDashboard(name).templating.list ?? []) {
            const [, metric = "", label = ""] = /"query":"label_values\((.+), (\w+)\)"/.exec(
              JSON.stringify(query).replaceAll("\\\"", "'")
            ) ?? []
            const series = yield* server.query(substituted(metric.replaceAll("'", "\""), "5s"))
            assert.isNotEmpty(series, variable)
            for (const { labels } of series) assert.isNotEmpty(labels[label] ?? "", variable)
          }
        }

        const rules = yield* eventually(server.rules, (all) => all.every(({ health }) => health === "ok"))
        assert.isNotEmpty(rules)
        for (const { name, query } of rules) {
          const expr = withoutThresholds(query)
          assert.notStrictEqual(expr, query, name)
          assert.isNotEmpty(yield* server.query(expr), `${name}: ${expr}`)
        }

        const stale = Effect.map(
          server.alerts,
          (all) => all.filter(({ labels }) => labels["alertname"] === "FeedStale")
        )
        assert.deepStrictEqual(yield* stale, [])
        const lost = feed("okx/btcusdt/trade")
        yield* simulator.faults.refuse({ kind: "refuse", status: 503 }, { venue: "okx" })
        yield* simulator.faults.inject({ kind: "disconnect" }, { venue: "okx", dataType: "trade" })
        yield* until(() => lost.reconnects > 0)
        const [alert] = yield* eventually(stale, (all) => all.length > 0)
        assert.strictEqual(alert?.state, "pending")
        assert.strictEqual(alert?.annotations["summary"], "okx btcusdt trade delivers nothing")
      }).pipe(Effect.provide(environment)),
    120_000
  )
})
