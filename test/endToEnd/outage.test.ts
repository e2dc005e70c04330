import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, References } from "effect"
import { until } from "../until.ts"
import { assertComplete, environment, world } from "./harness.ts"

describe("a venue that drops all its connections at once", () => {
  it.live("is told in a few lines, and that all its feeds are back in one", () => {
    const lines: Array<string> = []
    const logger = Logger.layer([Logger.make(({ logLevel, message }) => {
      lines.push(`${logLevel} ${String(message)}`)
    })])
    return Effect.gen(function*() {
      const symbols = ["BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT", "DOGE-USDT", "ADA-USDT"]
      const { feeds, finish, simulator } = yield* world({
        venues: ["okx"],
        symbols: { okx: symbols },
        simulator: { rate: 100 }
      })
      yield* until(() => feeds().every((stats) => stats.events > 10))
      yield* simulator.faults.inject({ kind: "disconnect", code: 1001, reason: "going away" })
      const isReturn = (line: string) => line.startsWith("Info all 12 feeds of okx that were lost deliver again, ")
      yield* until(() => lines.some(isReturn))
      assertComplete(yield* finish)
      const lost = lines.filter((line) => line.includes("connection closed with code 1001 going away"))
      assert.isAtMost(lost.length, 5, lost.join("\n"))
      assert.strictEqual(lines.filter(isReturn).length, 1)
      assert.isFalse(lines.some((line) => line.startsWith("Info delivers again")))
    }).pipe(
      Effect.provide(logger),
      Effect.provideService(References.MinimumLogLevel, "Info"),
      Effect.provide(environment)
    )
  })
})
