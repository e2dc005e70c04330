import { assert, describe, it } from "@effect/vitest"
import type { LogLine } from "../../src/telemetry/LogLine.ts"
import * as RecentLog from "../../src/telemetry/RecentLog.ts"

const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  atMillis: 1000,
  level: "Warn",
  text,
  annotations: {},
  cause: null,
  count: 1,
  mayBeThinned: true,
  onConsole: true,
  ...more
})

describe("RecentLog", () => {
  it("keeps warnings and above, with their feed and their number", () => {
    const { add, service } = RecentLog.make()
    assert.strictEqual(service.latest(), 0)
    add(line("quiet", { level: "Info" }))
    add(
      line("closed", {
        count: 3,
        annotations: { exchange: "okx", symbol: "btcusdt", data_type: "trade", connection: 4 }
      })
    )
    add(line("full", { level: "Error", atMillis: 2000 }))
    add(line("the end", { level: "Fatal" }))
    assert.strictEqual(service.latest(), 3)
    assert.deepStrictEqual(service.newerThan(0).slice(0, 2), [
      {
        seq: 1,
        atMillis: 1000,
        level: "Warn",
        message: "closed (and 2 more like it)",
        exchange: "okx",
        symbol: "btcusdt",
        dataType: "trade",
        count: 3
      },
      { seq: 2, atMillis: 2000, level: "Error", message: "full", count: 1 }
    ])
  })

  it("answers what is newer than a number", () => {
    const { add, service } = RecentLog.make()
    for (let i = 1; i <= 3; i++) add(line(String(i)))
    const messages = (seq: number) => service.newerThan(seq).map(({ message }) => message)
    assert.deepStrictEqual(messages(1), ["2", "3"])
    assert.deepStrictEqual(messages(3), [])
  })

  it("keeps the last 200", () => {
    const { add, service } = RecentLog.make()
    for (let i = 1; i <= 1000; i++) add(line(String(i)))
    assert.strictEqual(service.newerThan(0).length, 200)
    assert.deepInclude(service.newerThan(0)[0], { seq: 801, message: "801" })
    assert.strictEqual(service.latest(), 1000)
  })
})
