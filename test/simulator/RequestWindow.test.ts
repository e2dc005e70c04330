import { assert, describe, it } from "@effect/vitest"
import { Ban, retryAfter } from "../../src/simulator/Ban.ts"
import { RequestWindow } from "../../src/simulator/RequestWindow.ts"

describe("RequestWindow", () => {
  it("allows so many in any span of time, and tells when the next one is allowed", () => {
    const window = new RequestWindow(3, 1_000)
    const taken = (...times: ReadonlyArray<number>) => times.map((at) => window.take(at))
    assert.deepStrictEqual(taken(0, 400, 800, 900), [true, true, true, false])
    assert.strictEqual(window.waitMillis(900), 100)
    assert.deepStrictEqual(taken(999, 1_000, 1_001, 1_399, 1_400), [false, true, false, false, true])
    assert.deepStrictEqual([window.used(1_400), window.left(1_400), window.left(5_000)], [3, 0, 3])
    assert.strictEqual(window.waitMillis(5_000), 0)
  })
})

describe("Ban", () => {
  it("comes for who goes on after being told to stop, and ends", () => {
    const ban = new Ban(2, 500)
    for (const at of [1, 2]) ban.told(true, at)
    ban.told(false, 3)
    for (const at of [4, 5]) ban.told(true, at)
    assert.strictEqual(ban.leftMillis(5), 0)
    ban.told(true, 6)
    assert.deepStrictEqual([ban.leftMillis(6), ban.leftMillis(505), ban.leftMillis(506)], [500, 1, 0])
    ban.told(true, 600)
    assert.strictEqual(ban.leftMillis(600), 0)
  })

  it("is told in whole seconds, at least one", () => {
    assert.deepStrictEqual([1, 1_000, 1_001].map((millis) => retryAfter(millis)["Retry-After"]), ["1", "1", "2"])
  })
})
