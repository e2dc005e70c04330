import { Schema } from "effect"
import { ConfigFile } from "../../src/config/ConfigFile.ts"

type Json = null | boolean | number | string | ReadonlyArray<Json> | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json)

/** The narrower of two bounds; whatever else both say is the same. */
const tighter = (name: string, one: Json, other: Json): Json =>
  typeof one === "number" && typeof other === "number"
    ? name.toLowerCase().endsWith("minimum") ? Math.max(one, other) : Math.min(one, other)
    : other

// The regular expressions of Python and Rust, which editors and other checkers are built on, know fewer classes.
const portable = (pattern: string): string =>
  pattern.replaceAll("\\p{Cc}", "\\u0000-\\u001f\\u007f-\\u009f").replaceAll("\\p{Cs}", "").replaceAll("\\P{Cs}", ".")

/** Lifts what stands in `allOf` to the level above it, as a person would have written it. */
const simplified = (json: Json): Json => {
  if (Array.isArray(json)) return json.map(simplified)
  if (!isObject(json)) return json
  const merged: Record<string, Json> = {}
  const parts = [json, ...(Array.isArray(json["allOf"]) ? json["allOf"] : [])].filter(isObject)
  for (const part of parts) {
    for (const [name, value] of Object.entries(part)) {
      if (name === "allOf") continue
      const known = merged[name]
      merged[name] = name === "pattern" && typeof value === "string"
        ? portable(value)
        : known === undefined
        ? simplified(value)
        : tighter(name, known, value)
    }
  }
  return merged
}

/** The JSON Schema of `config.toml`, for editors; what it lets pass may still be refused by `check`. */
export const configSchema = (): JsonObject => {
  const { schema } = Schema.toJsonSchemaDocument(ConfigFile, { onExcessProperty: "error" })
  const plain = simplified(JSON.parse(JSON.stringify(schema)))
  return {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    title: "ticklake configuration",
    ...(isObject(plain) ? plain : {})
  }
}

/** Each key of the file that has a description, with it: `websocket.queue_capacity`. */
export const describedKeys = (): ReadonlyArray<{ readonly path: string; readonly description: string }> => {
  const keysIn = (path: string, json: Json | undefined): ReadonlyArray<{ path: string; description: string }> => {
    if (!isObject(json)) return []
    const own = typeof json["description"] === "string" ? [{ path, description: json["description"] }] : []
    const properties = isObject(json["properties"]) ? Object.entries(json["properties"]) : []
    const below = properties.flatMap(([name, value]) => keysIn(path === "" ? name : `${path}.${name}`, value))
    return [...own, ...below, ...keysIn(path, json["items"])]
  }
  return keysIn("", configSchema())
}
