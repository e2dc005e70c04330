import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { Toml } from "effect/encoding"
import { ConfigFile } from "../../src/config/ConfigFile.ts"
import { checkText } from "../../src/config/readConfigFile.ts"
import { decodeFile } from "../../src/config/schemaProblems.ts"
import { notations } from "./problemsOf.ts"

const quoted = (text: string): string => JSON.stringify(text).replaceAll("\u007f", "\\u007f")

const valueToToml = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(valueToToml).join(", ")}]`
    : typeof value === "string"
    ? quoted(value)
    : typeof value === "number"
    // TOML wants a fraction or an exponent with a leading digit, and JavaScript writes whole numbers above 1e21 so.
    ? String(value).replace(/^(-?\d+)e/, "$1.0e")
    : String(value)

const tableToToml = (head: string, table: object): string =>
  [head, ...Object.entries(table).map(([key, value]) => `${key} = ${valueToToml(value)}`)].join("\n")

const toToml = ({ markets, ...tables }: ConfigFile): string =>
  [
    ...Object.entries(tables).map(([name, table]) => tableToToml(`[${name}]`, table)),
    ...markets.map((market) => tableToToml("[[markets]]", market))
  ].join("\n")

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe("ConfigFile", () => {
  it.prop("what the schema allows is the same after a way through TOML", { file: ConfigFile }, ({ file }) => {
    const decoded = decodeFile(Result.getOrThrow(Toml.parse(toToml(Schema.encodeSync(ConfigFile)(file)))))
    assert.deepStrictEqual(plain(Result.getOrThrow(decoded)), plain(file))
  }, { arbitrary: { runs: 200, maxDiscards: 20_000 } })

  it.prop("whatever the schema allows, the cross checks say or accept", { file: ConfigFile }, ({ file }) => {
    const { value } = checkText("config.toml", toToml(file), notations)
    assert.isNotNull(value)
  }, { arbitrary: { runs: 200, maxDiscards: 20_000 } })

  it.prop("no text makes the check throw", { text: Schema.String }, ({ text }) => {
    assert.isArray(checkText("config.toml", text, notations).problems)
  }, { arbitrary: { runs: 500 } })

  const pieces = [
    "[",
    "]",
    "[[markets]]",
    "\n",
    "=",
    ".",
    ",",
    "\"",
    "'''",
    "{",
    "}",
    "#",
    "\\u12",
    "exchange",
    "symbols",
    "\"okx\"",
    "1e9",
    "nan",
    "07"
  ]
  it.prop("nothing that resembles TOML makes the check throw", {
    text: Schema.Array(Schema.Literals(pieces)).check(Schema.isMinLength(3))
  }, ({ text }) => {
    assert.isArray(checkText("config.toml", text.join(""), notations).problems)
  }, { arbitrary: { runs: 500 } })

  it.prop("no table makes the check throw", {
    markets: Schema.Array(Schema.Json),
    http: Schema.Json,
    other: Schema.Record(Schema.String, Schema.Json)
  }, ({ markets, http, other }) => {
    const decoded = decodeFile({ ...other, http, markets })
    assert.isTrue(Result.isResult(decoded))
  }, { arbitrary: { runs: 300 } })

  it("survives texts made to break a parser", () => {
    for (
      const text of [
        "a = ".padEnd(100_000, "["),
        `[${"a.".repeat(50_000)}b]`,
        `${"x".repeat(1_000_000)} = 1`,
        "\0",
        "\uFFFD\uFFFE",
        "__proto__ = 1\n[constructor]\nprototype = 1",
        "[[markets]]\n__proto__ = { exchange = \"okx\" }"
      ]
    ) {
      assert.isAbove(checkText("config.toml", text, notations).problems.length, 0)
    }
  })
})
