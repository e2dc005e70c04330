import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { parse } from "./exposition.ts"
import { quietRegistry } from "./quietRegistry.ts"

/** Telemetry of many feeds. */
const crowded = Effect.gen(function*() {
  const telemetry = yield* Telemetry
  for (let index = 0; index < 400; index++) {
    const stats = telemetry.stats(Feed.make("okx", `COIN${index}-USDT`, "trade"))
    stats.events = index
    stats.reconnectsBy.closed = index
    for (const millis of [0.5, 5, 6000]) stats.latency.observe(millis, index)
  }
  return telemetry
})

describe("MetricsRegistry", () => {
  it.live("a scrape of many feeds lets others run in between", () =>
    Effect.gen(function*() {
      const registry = quietRegistry(yield* crowded)
      let turns = 0
      let writing = true
      const turn = () => {
        turns++
        if (writing) setImmediate(turn)
      }
      setImmediate(turn)
      yield* Effect.promise(() => registry.write("text"))
      writing = false
      assert.isAbove(turns, 2)
    }).pipe(Effect.provide(Telemetry.layer)))

  it.live("both formats have every series once, with its value, at every scrape", () =>
    Effect.gen(function*() {
      const telemetry = yield* crowded
      const registry = quietRegistry(telemetry)
      const ofLast = "exchange=\"okx\",symbol=\"coin399usdt\",data_type=\"trade\""
      for (let round = 0; round < 2; round++) {
        for (const format of ["text", "openmetrics"] as const) {
          const body = yield* Effect.promise(() => registry.write(format))
          assert.strictEqual(body.split("# EOF\n").length, format === "text" ? 1 : 2)
          assert.strictEqual(body.endsWith("# EOF\n"), format === "openmetrics")
          const lines = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
          const series = lines.map((line) => line.slice(0, line.lastIndexOf(" ")))
          assert.strictEqual(new Set(series).size, series.length)
          for (
            const line of [
              `collector_messages_received_total{${ofLast}} ${399 + round}`,
              `collector_websocket_reconnects_total{${ofLast},reason="closed"} 399`,
              `collector_latency_exchange_to_collector_ms_bucket{le="1",${ofLast}} 399`,
              `collector_latency_exchange_to_collector_ms_bucket{le="5",${ofLast}} 798`,
              `collector_latency_exchange_to_collector_ms_bucket{le="+Inf",${ofLast}} 1197`,
              `collector_latency_exchange_to_collector_ms_count{${ofLast}} 1197`
            ]
          ) assert.include(lines, line)
          assert.isAbove(parse(body).size, 60)
        }
        telemetry.stats(Feed.make("okx", "COIN399-USDT", "trade")).events++
      }
    }).pipe(Effect.provide(Telemetry.layer)))
})
