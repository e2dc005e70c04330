import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { excerpt } from "../../../src/exchanges/wire/excerpt.ts"
import { integerText } from "../../../src/exchanges/wire/integerText.ts"
import {
  decimalText,
  decode,
  isObject,
  millisToMicros,
  rfc3339ToMicros,
  safeInteger
} from "../../../src/exchanges/wire/json.ts"
import { isLevels } from "../../../src/exchanges/wire/levels.ts"
import * as MarketData from "../marketData.ts"

describe("decode", () => {
  it("gives a value or a reason", () => {
    assert.deepStrictEqual(decode(Buffer.from(" [1] ")), { _tag: "Json", value: [1] })
    assert.deepStrictEqual(decode(Buffer.from([0x22, 0xc3, 0x22])), { _tag: "NotJson", reason: "not UTF-8" })
    assert.strictEqual(decode(Buffer.from("pong"))._tag, "NotJson")
    assert.strictEqual(decode(Buffer.alloc(0))._tag, "NotJson")
  })
})

describe("numbers", () => {
  it.prop("a decimal is the number it is written as", [MarketData.decimal], ([text]) => {
    assert.strictEqual(decimalText(text), Number(text))
  })

  it("accepts decimal text alone", () => {
    for (const text of ["0", "-1", "1.50", "1e-7", "1.16539E8"]) assert.strictEqual(decimalText(text), Number(text))
    for (const value of ["", " 1", "1 ", "+1", ".5", "5.", "01", "0x1", "NaN", "Infinity", "1e999", "1,5", 1, null]) {
      assert.isNull(decimalText(value), String(value))
    }
  })

  it("keeps milliseconds exact, and takes nothing for them that can not be", () => {
    assert.strictEqual(millisToMicros(1_795_000_000_123), 1_795_000_000_123_000)
    assert.strictEqual(millisToMicros("1795000000123"), 1_795_000_000_123_000)
    assert.strictEqual(millisToMicros(0), 0)
    for (const value of [-1, 0.5, 1_795_000_000_123_000, "1795000000123000", "", "-1", "1e3", " 1", null, Number.NaN]) {
      assert.isNull(millisToMicros(value), String(value))
    }
  })

  it("cuts RFC 3339 times to microseconds", () => {
    assert.strictEqual(rfc3339ToMicros("1970-01-01T00:00:01Z"), 1_000_000)
    assert.strictEqual(rfc3339ToMicros("1970-01-01T00:00:01.000002999Z"), 1_000_002)
    assert.strictEqual(rfc3339ToMicros("1970-01-01T00:00:01.5Z"), 1_500_000)
    const none = [
      "1970-13-01T00:00:01Z",
      "2026-02-30T00:00:01Z",
      "0026-08-24T22:34:13Z",
      "9026-08-24T22:34:13Z",
      "1970-01-01T00:00:01+00:00",
      "1970-01-01",
      0,
      null
    ]
    for (const value of none) {
      assert.isNull(rfc3339ToMicros(value), String(value))
    }
  })

  it.prop("an id of any length survives", [MarketData.id], ([id]) => {
    const bytes = Buffer.from(`{"x":{"id":7},"list":[0,{"id": ${id} }]}`)
    assert.strictEqual(integerText(Number(id), bytes, ["list", 1, "id"]), id)
  }, { arbitrary: { runs: 300 } })

  it("takes no id that is not a whole number", () => {
    for (const text of ["-1", "1.5", "1e400", "-9007199254740993", "9007199254740993.5", "1E22", `"1"`, "null"]) {
      assert.isNull(integerText(JSON.parse(text), Buffer.from(`{"id":${text}}`), ["id"]), text)
    }
    assert.isNull(integerText(2 ** 60, Buffer.from(`{}`), ["id"]))
  })

  it("knows exact integers and plain objects", () => {
    assert.strictEqual(safeInteger(2 ** 53 - 1), 2 ** 53 - 1)
    for (const value of [2 ** 53, 0.5, "1", null]) assert.isNull(safeInteger(value))
    assert.isTrue(isObject({}))
    for (const value of [[], null, "{}", 1]) assert.isFalse(isObject(value))
  })
})

describe("isLevels", () => {
  it("wants a price and a size as text in each level", () => {
    for (const value of [[], [["1", "2"]], [["1", "2", "0", "3"], ["0", "0"]]]) assert.isTrue(isLevels(value))
    for (
      const value of [null, {}, "[]", [[]], [["1"]], [["1", 2]], [[1, "2"]], [["1", "2"], null], [{ 0: "1", 1: "2" }]]
    ) {
      assert.isFalse(isLevels(value), JSON.stringify(value))
    }
  })
})

describe("excerpt", () => {
  it.prop("is short whatever the value", [Schema.Json], ([value]) => {
    const words = excerpt(value)
    assert.isAtMost(words.length, 100)
    if (value !== "") assert.isAbove(words.length, 0)
  })

  it("names what it does not quote", () => {
    assert.strictEqual(excerpt(undefined), "nothing")
    assert.strictEqual(excerpt(null), "null")
    assert.strictEqual(excerpt([1]), "an array")
    assert.strictEqual(excerpt({}), "an object")
    assert.strictEqual(excerpt(false), "false")
    assert.strictEqual(excerpt("x".repeat(5000)).length, 63)
  })
})
