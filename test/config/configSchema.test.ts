import { assert, describe, it } from "@effect/vitest"
import { JsonSchema, Result, Schema, SchemaRepresentation } from "effect"
import { Toml } from "effect/encoding"
import { readFileSync, writeFileSync } from "node:fs"
import { defaults } from "../../src/config/defaults.ts"
import { configSchema, describedKeys } from "./configSchema.ts"

const file = new URL("../../config.schema.json", import.meta.url)
const configToml = readFileSync(new URL("../../config.toml", import.meta.url), "utf8")

describe("config.schema.json", () => {
  it("is that of the Schema (to bring it up to date: TICKLAKE_UPDATE_DOCS=1 npm test -- test/config)", () => {
    if (process.env["TICKLAKE_UPDATE_DOCS"] === "1") writeFileSync(file, `${JSON.stringify(configSchema(), null, 2)}\n`)
    assert.deepStrictEqual(JSON.parse(readFileSync(file, "utf8")), configSchema())
  })

  it("has every key with its description, and every default", () => {
    const described = new Set(describedKeys().map(({ path }) => path))
    for (const [table, keys] of Object.entries(defaults)) {
      for (const [key, value] of Object.entries(keys)) {
        const path = table === "market" ? `markets.${key}` : `${table}.${key}`
        assert.isTrue(described.has(path), path)
        assert.include(JSON.stringify(configSchema()), `"default":${JSON.stringify(value)}`)
      }
    }
  })

  it("is named in the first line of config.toml, whose comments are its descriptions", () => {
    assert.match(configToml, /^#:schema \.\/config\.schema\.json\n/)
    const words = configToml.replaceAll(/^#/gm, "").replaceAll(/\s+/g, " ")
    for (const { description, path } of describedKeys()) {
      const [table = "", key] = path.split(".")
      const wanted = key === undefined ? `${description} ` : `${description} ${key} =`
      assert.include(words, wanted, table)
    }
  })

  it("allows config.toml as it is and with every key spelled out, and refuses what is out of its bounds", () => {
    const text = readFileSync(file, "utf8")
    const schema = SchemaRepresentation.fromJsonSchemaDocument(
      JsonSchema.fromSchemaDraft2020_12(JSON.parse(text)),
      { patterns: "apply" }
    )
    // What is imported forgets that it is closed.
    const decode = Schema.decodeUnknownResult(schema as Schema.Codec<unknown>, { onExcessProperty: "error" })
    const allows = (toml: string) => Result.isSuccess(decode(Result.getOrThrow(Toml.parse(toml))))
    const closed = text.split("\"additionalProperties\": false").length
    assert.strictEqual(closed, text.split("\"properties\":").length)
    const spelledOut = configToml.replaceAll(/^# (\w+ = .*)$/gm, "$1")
    assert.isTrue(allows(configToml))
    assert.isTrue(allows(spelledOut))
    for (
      const [right, wrong] of [
        ["queue_capacity = 1000", "queue_capacity = 0"],
        ["queue_capacity = 1000", "queue_capacities = 1000"],
        ["mode = \"local\"", "mode = \"locally\""],
        ["data_dir = \"data/parquet\"", "data_dir = \"data\\u0007\""],
        ["bucket = \"market-data\"", "bucket = \"a/b\""],
        ["exchange = \"okx\"", ""]
      ] as const
    ) {
      assert.include(spelledOut, right)
      assert.isFalse(allows(spelledOut.replace(right, wrong)), wrong)
    }
  })
})
