import { assert, describe, it } from "@effect/vitest"
import { printableUrl } from "../../src/feeds/printableUrl.ts"

describe("printableUrl", () => {
  it.each([
    ["wss://data-stream.binance.vision/ws", "wss://data-stream.binance.vision/ws"],
    ["wss://proxy.example:8443/ws?key=hunter2&b=1", "wss://proxy.example:8443/ws"],
    ["wss://proxy.example?key=a?b/c", "wss://proxy.example"]
  ])("tells %s as %s", (url, told) => assert.strictEqual(printableUrl(url), told))
})
