import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { simulate } from "../../src/cli/simulate.ts"
import { configText } from "../../src/cli/simulate/handle.ts"

const problem = (...args: ReadonlyArray<string>) =>
  Command.runWith(simulate, { version: "0" })(args).pipe(
    Effect.flip,
    Effect.map((error) => error.message),
    Effect.provide(NodeServices.layer)
  )

describe("simulate", () => {
  it.effect("says which flag cannot be understood", () =>
    Effect.gen(function*() {
      assert.include(yield* problem("--venue", "kraken"), "--venue: \"kraken\" is no venue: expected one of binance")
      assert.include(yield* problem("--symbols", "okx"), "--symbols: \"okx\" is not of the form VENUE:SYMBOL,SYMBOL")
      assert.include(yield* problem("--symbols", "ok:A-B"), "--symbols: \"ok\" is no venue")
      assert.include(yield* problem("--fault", "gap=often"), "--fault: \"often\" is neither an interval")
    }))

  it("prints what belongs into config.toml", () => {
    assert.strictEqual(
      configText(["okx", "bybit"], (venue) => [`${venue}-1`, `${venue}-2`], (venue) => `ws://127.0.0.1:1/${venue}`),
      `[[markets]]
exchange = "okx"
symbols = ["okx-1", "okx-2"]
base_url = "ws://127.0.0.1:1/okx"

[[markets]]
exchange = "bybit"
symbols = ["bybit-1", "bybit-2"]
base_url = "ws://127.0.0.1:1/bybit"`
    )
  })
})
