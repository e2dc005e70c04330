import { assert } from "@effect/vitest"
import type { Entry } from "../../src/simulator/Ledger.ts"
import type { Endpoint } from "../../src/simulator/venues.ts"

/**
 * The event texts in the messages of one connection, in the order a recorder keeps them, cut out by plain text search:
 * this must not share code with what it checks.
 */
export const eventTexts = (endpoint: Endpoint, texts: ReadonlyArray<string>): ReadonlyArray<string> =>
  texts.flatMap((text) => {
    switch (endpoint) {
      case "binance":
        return /^\{"stream":"btcusdt.*\}\}$/.test(text) ? [text.slice(text.indexOf("\"data\":") + 7, -1)] : []
      case "coinbase":
        if (text.startsWith("{\"channel\":\"l2_data\"")) return [text]
        return text.startsWith("{\"channel\":\"market_trades\"") ? elements(text, "\"trades\":").toReversed() : []
      case "coinbase-exchange":
        return /^\{"type":"(?:match|last_match|snapshot|l2update)"/.test(text) ? [text] : []
      case "upbit":
        return text.startsWith("{\"type\":") ? [text] : []
      case "okx":
        if (text.includes("\"action\":")) return [text]
        return text.startsWith("{\"arg\":{\"channel\":\"trades\"") ? elements(text, "\"data\":") : []
      case "bybit":
        if (text.startsWith("{\"topic\":\"orderbook")) return [text]
        return text.startsWith("{\"topic\":\"publicTrade") ? elements(text, "\"data\":") : []
    }
  })

/** The flat objects of the array that follows `key`. */
const elements = (text: string, key: string): ReadonlyArray<string> =>
  text.slice(text.indexOf(key) + key.length).match(/\{[^{}]*\}/g) ?? []

export const dataOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<string> => entries.map((entry) => entry.data)

/** Like a deep comparison, but a difference is told in one line instead of two books. */
export const assertSameTexts = (actual: ReadonlyArray<string>, expected: ReadonlyArray<string>, what = "") => {
  const at = expected.findIndex((text, index) => text !== actual[index])
  if (at >= 0) {
    assert.fail(`${what} differ at ${at}: ${actual[at]?.slice(0, 200)} instead of ${expected[at]?.slice(0, 200)}`)
  }
  assert.strictEqual(actual.length, expected.length, what)
}
