import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as JsonSpan from "../../../src/exchanges/wire/jsonSpan.ts"
import { frameOf } from "../frameOf.ts"
import * as MarketData from "../marketData.ts"
import { encode, randomOf, type Wire } from "../wireText.ts"

const bytesOf = (text: string): Buffer => frameOf(text).bytes

const parsed = (bytes: Buffer, span: JsonSpan.Span | null): unknown =>
  span === null ? assert.fail("no span") : JSON.parse(JsonSpan.slice(bytes, span).toString("utf8"))

const keys = ["a", "b", "data", "é", "\u{1f642}", "", "b:", "{"]

const Json = Arbitrary.schema(Schema.Json)

const Members = Arbitrary.array(Arbitrary.all([Arbitrary.schema(Schema.Literals(keys)), Json]), { maxLength: 6 })

const spelled = (value: Schema.Json, random: () => number): string => encode(value, random)

describe("jsonSpan finds what JSON.parse finds", () => {
  it.prop("a value amid white space", [Json, MarketData.seed], ([value, seed]) => {
    const text = spelled(value, randomOf(seed))
    const bytes = bytesOf(`\n\t ${text} \r\n`)
    const span = JsonSpan.valueAt(bytes)
    assert.strictEqual(JsonSpan.slice(bytes, span).toString("utf8"), text)
    assert.deepStrictEqual(parsed(bytes, JsonSpan.whole(bytes)), JSON.parse(text))
  }, { arbitrary: { runs: 300 } })

  it.prop("the members of an object, the last of equal ones", [Members, MarketData.seed], ([members, seed]) => {
    const random = randomOf(seed)
    const space = () => ["", " ", "\n", "\t\r"][Math.floor(random() * 4)]!
    const texts = members.map(([key, value]) =>
      `${JSON.stringify(key)}${space()}:${space()}${spelled(value, random)}${space()}`
    )
    const bytes = bytesOf(`${space()}{${space()}${texts.join(`,${space()}`)}}${space()}`)
    const expected = new Map(Object.entries(JSON.parse(bytes.toString("utf8"))))
    for (const key of ["a", "b", "data", "absent"]) {
      for (const object of [JsonSpan.whole(bytes), JsonSpan.valueAt(bytes)]) {
        const span = JsonSpan.member(bytes, object, key)
        if (expected.has(key)) assert.deepStrictEqual(parsed(bytes, span), expected.get(key))
        else assert.isNull(span)
      }
    }
  }, { arbitrary: { runs: 500 } })

  it.prop("the elements of an array", [Arbitrary.array(Json, { maxLength: 6 }), MarketData.seed], ([values, seed]) => {
    const random = randomOf(seed)
    const bytes = bytesOf(encode(values, random))
    const expected: ReadonlyArray<unknown> = JSON.parse(bytes.toString("utf8"))
    const spans = JsonSpan.elements(bytes, JsonSpan.whole(bytes))
    assert.deepStrictEqual(spans.map((span) => parsed(bytes, span)), expected)
    for (const [i, value] of expected.entries()) {
      assert.deepStrictEqual(parsed(bytes, JsonSpan.valueAtPath(bytes, [i])), value)
    }
    assert.isNull(JsonSpan.valueAtPath(bytes, [expected.length]))
  }, { arbitrary: { runs: 300 } })

  it.prop("nothing wrong in any bytes at all", [Schema.Uint8Array], ([content]) => {
    const { bytes } = frameOf(content)
    const whole = JsonSpan.whole(bytes)
    const spans = [JsonSpan.valueAt(bytes), ...JsonSpan.elements(bytes, whole)]
    for (const { end, start } of spans) assert.isTrue(start >= 0 && start <= end && end <= bytes.length + 1)
    JsonSpan.member(bytes, whole, "data")
    JsonSpan.containsEscapedKey(bytes)
  }, { arbitrary: { runs: 500 } })

  it("walks through objects and arrays", () => {
    const bytes = bytesOf(` {"x":[0,{"y" : [ ]},{"y": "]}\\"" }] }`)
    const at = (...path: ReadonlyArray<string | number>) => {
      const span = JsonSpan.valueAtPath(bytes, path)
      return span === null ? null : JsonSpan.slice(bytes, span).toString()
    }
    assert.strictEqual(at("x", 0), "0")
    assert.strictEqual(at("x", 1, "y"), "[ ]")
    assert.strictEqual(at("x", 2, "y"), `"]}\\""`)
    assert.isNull(at("x", 3, "y"))
    assert.isNull(at("y", 0))
  })
})

describe("containsEscapedKey", () => {
  it("sees escapes in keys at any depth, and not those in values", () => {
    for (const text of [`{"\\u0061":1}`, `[{"a":{"b\\"" : 1}}]`, `{"a":"\\\\","\\\\":2}`, `{"a":1,"b\\/c"\n:2}`]) {
      assert.isTrue(JsonSpan.containsEscapedKey(bytesOf(text)), text)
    }
    for (const text of [`{"a":"\\u0061"}`, `["\\":","a"]`, `{"a":"\\\\","b":"\\":"}`, `{"a":1}`, `"\\u0061"`, ``]) {
      assert.isFalse(JsonSpan.containsEscapedKey(bytesOf(text)), text)
    }
  })

  it.prop("is false for keys without escapes, whatever the values", [Json, MarketData.seed], ([value, seed]) => {
    const walk = (value: Schema.Json): Wire => {
      if (Array.isArray(value)) return value.map(walk)
      if (typeof value !== "object" || value === null) return value
      return Object.fromEntries(Object.values(value).map((inner, i) => [`k${i}`, walk(inner)]))
    }
    assert.isFalse(JsonSpan.containsEscapedKey(bytesOf(encode(walk(value), randomOf(seed)))))
  }, { arbitrary: { runs: 300 } })
})
