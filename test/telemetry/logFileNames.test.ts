import { assert, describe, it } from "@effect/vitest"
import * as logFileNames from "../../src/telemetry/logFileNames.ts"

describe("logFileNames", () => {
  it("reads what it writes", () => {
    for (const [index, name] of [[0, "ticklake.2026-11-22.log"], [1, "ticklake.2026-11-22.1.log"]] as const) {
      assert.strictEqual(logFileNames.format("2026-11-22", index), name)
      assert.deepStrictEqual(logFileNames.parse(name), { day: "2026-11-22", index })
    }
    assert.deepStrictEqual(logFileNames.parse("ticklake.2024-02-29.120.log"), { day: "2024-02-29", index: 120 })
  })

  it.each([
    "ticklake.log",
    "ticklake.2026-11-22.log.gz",
    "ticklake.2026-11-22.0.log",
    "ticklake.2026-11-22.01.log",
    "ticklake.2026-11-22..log",
    "ticklake.2026-13-01.log",
    "ticklake.2025-02-29.log",
    "my-ticklake.2026-11-22.log",
    "Ticklake.2026-11-22.log",
    "ticklake.2026-11-22.log\n",
    "ticklake.2026-11-22.1.log.bak"
  ])("does not take %j for its own", (name) => {
    assert.isNull(logFileNames.parse(name))
  })

  it("knows the days", () => {
    assert.strictEqual(logFileNames.dayOf(Date.UTC(2026, 10, 22, 23, 59, 59, 999)), "2026-11-22")
    assert.strictEqual(logFileNames.millisLeftOf(Date.UTC(2026, 10, 22, 23, 59, 59, 999)), 1)
    assert.strictEqual(logFileNames.millisLeftOf(Date.UTC(2026, 10, 22)), 86_400_000)
  })
})
