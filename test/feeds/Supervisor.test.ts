import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Logger, Scope } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import { ConnectLimiter } from "../../src/feeds/ConnectLimiter.ts"
import { PastTrades } from "../../src/feeds/PastTrades.ts"
import * as Supervisor from "../../src/feeds/Supervisor.ts"
import { Tokens } from "../../src/feeds/Tokens.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { until } from "../until.ts"
import { exchangeAt, serve } from "./numberVenue.ts"
import { nothingSealed } from "../sinks/events.ts"

const feed = Feed.make("bybit", "BTCUSDT", "trade")

describe("Supervisor", () => {
  it.live("gives up on a sink that never takes its rows, and goes on with the stop", () =>
    Effect.gen(function*() {
      const url = yield* serve((peer) => peer.send("1"))
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => {
        lines.push(String(message))
      })])
      const sinks = Layer.succeed(
        Sinks,
        Sinks.of({
          open: () =>
            Effect.acquireRelease(
              Effect.succeed({
                append: () => Effect.uninterruptible(Effect.never),
                appendNow: () => false,
                memory: nothingSealed
              }),
              () => Effect.never
            )
        })
      )
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        Supervisor.layer({
          plans: [{
            feed,
            exchanges: [exchangeAt(url)],
            history: null,
            completenessObjective: 0.999,
            signature: "",
            messageTimeoutSecs: 60
          }],
          backoff: { initialSecs: 1, maxSecs: 60 },
          queueCapacity: 1000,
          dataDir: "data",
          feedsLimit: "50 millis",
          sinksLimit: "50 millis"
        }).pipe(
          Layer.provide([sinks, ConnectLimiter.layer, PastTrades.layer, Tokens.layerNone, logger]),
          Layer.provideMerge(Telemetry.layer)
        ),
        scope
      )
      yield* until(() => Context.get(context, Telemetry).all().every((stats) => stats.events === 1))
      yield* Scope.close(scope, Exit.void)
      assert.match(lines.find((line) => line.startsWith("stopping feeds")) ?? "", /gave up/)
      assert.match(lines.find((line) => line.startsWith("stopping sinks")) ?? "", /gave up/)
    }))
})
