import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { parse } from "../../src/simulator/faultNotation.ts"

describe("faultNotation", () => {
  const read = (text: string) => Result.getOrThrow(parse(text))
  const problem = (text: string) => Result.getOrThrow(Result.flip(parse(text)))

  it("reads kinds, moments, details and targets", () => {
    assert.deepStrictEqual(read("disconnect=30s"), {
      fault: { kind: "disconnect", code: 1001 },
      target: {},
      when: { everyMillis: 30_000 }
    })
    assert.deepStrictEqual(read("okx/BTC-USDT:stall=1m,500ms"), {
      fault: { kind: "stall", forMillis: 500 },
      target: { venue: "okx", symbol: "BTC-USDT" },
      when: { everyMillis: 60_000 }
    })
    assert.deepStrictEqual(read("gap=0.1%,3"), {
      fault: { kind: "gap", count: 3 },
      target: {},
      when: { probability: 0.001 }
    })
    assert.deepStrictEqual(read("binance:refuse=20%,429,30"), {
      fault: { kind: "refuse", status: 429, retryAfterSecs: 30 },
      target: { venue: "binance" },
      when: { probability: 0.2 }
    })
    assert.deepStrictEqual(read("garbage=1h,huge").fault, { kind: "garbage", form: "huge" })
    assert.deepStrictEqual(read("half-open=90s").fault, { kind: "half-open" })
    assert.deepStrictEqual(read("no-handshake=5%").fault, { kind: "no-handshake" })
    assert.deepStrictEqual(read("restart-trades=1h").fault, { kind: "restart-trades" })
    assert.deepStrictEqual(read("notice=1h,5s").fault, { kind: "notice", leadMillis: 5_000 })
    assert.deepStrictEqual(read("notice=1h").fault, { kind: "notice" })
  })

  it("tells redundant connections apart", () => {
    assert.deepStrictEqual(read("bybit/BTCUSDT#2:abrupt=1m").target, { venue: "bybit", symbol: "BTCUSDT", nth: 2 })
    assert.deepStrictEqual(read("binance#1:abrupt=1m").target, { venue: "binance", nth: 1 })
    assert.include(problem("binance#0:abrupt=1m"), "is not of the form")
  })

  it("reads what goes wrong with requests over HTTP", () => {
    assert.deepStrictEqual(read("upbit:rest-status=10%,429,5"), {
      fault: { kind: "rest-status", status: 429, retryAfterSecs: 5 },
      target: { venue: "upbit" },
      when: { probability: 0.1 }
    })
    assert.deepStrictEqual(read("rest-status=1%").fault, { kind: "rest-status", status: 500 })
    assert.deepStrictEqual(read("rest-lie=1%").fault, { kind: "rest-lie", form: "ids" })
    assert.deepStrictEqual(read("rest-lie=1%,holes").fault, { kind: "rest-lie", form: "holes" })
    assert.deepStrictEqual(read("rest-short=1%").fault, { kind: "rest-short", trades: 0 })
    assert.deepStrictEqual(read("rest-short=1%,12").fault, { kind: "rest-short", trades: 12 })
    assert.deepStrictEqual(read("rest-broken=1%").fault, { kind: "rest-broken" })
    assert.deepStrictEqual(read("rest-silent=1%").fault, { kind: "rest-silent" })
    assert.include(problem("rest-lie=1%,nice"), "is no fault")
    assert.include(problem("rest-status=1%,200"), "is no fault")
    assert.include(problem("rest-broken=30s"), "rest-broken meets requests, so it takes a percentage of them")
  })

  it("says what is wrong", () => {
    assert.include(problem("disconnect"), "is not of the form")
    assert.include(problem("kraken:disconnect=1s"), "\"kraken\" is no venue")
    assert.include(problem("disconect=1s"), "\"disconect\" is no fault: expected one of disconnect")
    assert.include(problem("garbage=1s,nice"), "\"garbage,nice\" is no fault")
    assert.include(problem("abrupt=1s,2"), "\"abrupt,2\" is no fault")
    assert.include(problem("gap=101%"), "neither an interval")
    assert.include(problem("gap=0s"), "neither an interval")
    assert.include(problem("refuse=30s"), "takes a percentage")
    assert.include(problem("refuse=10%,200"), "is no fault")
  })
})
