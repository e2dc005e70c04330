import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { isNotedAs, suggestSymbol } from "../../src/config/suggestSymbol.ts"
import { Venue, venues } from "../../src/domain/Venue.ts"
import { notations } from "./problemsOf.ts"

describe("suggestSymbol", () => {
  it.each(
    [
      ["okx", "btcusdt", "BTC-USDT"],
      ["okx", "BTC_USDT", "BTC-USDT"],
      ["okx", " BTC-USDT", "BTC-USDT"],
      ["okx", "btc-usdt-swap", "BTC-USDT-SWAP"],
      ["okx", "USD-BTC", "BTC-USD"],
      ["coinbase", "DOTUSD", "DOT-USD"],
      ["coinbase", "ethbtc", "ETH-BTC"],
      ["binance", "BTC-USDT", "btcusdt"],
      ["binance", "KRW-BTC", "btckrw"],
      ["bybit", "btc/usdt", "BTCUSDT"],
      ["upbit", "BTC-KRW", "KRW-BTC"],
      ["upbit", "BTC/USDT", "USDT-BTC"],
      ["upbit", "KRWBTC", "KRW-BTC"],
      ["upbit", "KRWSOL", "KRW-SOL"],
      ["okx", "nothing", null],
      ["okx", "", null],
      ["okx", "--", null]
    ] as const
  )("%s: %s", (venue, written, expected) => {
    assert.strictEqual(suggestSymbol(written, notations[venue]), expected)
  })

  it("leaves alone what stands in the venue's notation", () => {
    const written = [["okx", "USDT-EUR"], ["coinbase", "USDC-EUR"], ["okx", "EUR-USDT"], ["upbit", "BTC-ETH"]] as const
    for (const [venue, symbol] of written) assert.isTrue(isNotedAs(notations[venue], symbol), symbol)
    for (const venue of venues) assert.isTrue(isNotedAs(notations[venue], notations[venue].example), venue)
  })

  it.prop(
    "suggests only what the check then accepts",
    { venue: Venue, written: Schema.String },
    ({ venue, written }) => {
      const suggestion = suggestSymbol(written, notations[venue])
      return suggestion === null || isNotedAs(notations[venue], suggestion)
    },
    { arbitrary: { runs: 500 } }
  )
})
