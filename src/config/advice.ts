import { venues } from "../domain/Venue.ts"
import { ConfigFile } from "./ConfigFile.ts"
import { defaults } from "./defaults.ts"
import { MarketTable } from "./MarketTable.ts"
import { nearest } from "./nearest.ts"

/** What to write for keys that have no default. */
const examples: Readonly<Record<string, unknown>> = {
  home_server_name: "tokyo-1",
  index: 0,
  count: 4,
  endpoint: "http://127.0.0.1:8333",
  exchange: "binance",
  symbols: ["btcusdt"],
  base_url: "wss://data-stream.binance.vision/ws",
  base_urls: ["wss://stream.binance.com:9443", "wss://data-stream.binance.vision"],
  rest_url: "https://api.binance.us",
  data_timeout_secs: 600
}

/** The words a key takes, for keys that take a word. */
const words: Readonly<Record<string, ReadonlyArray<string>>> = {
  exchange: venues,
  feeds: ["orderbook", "trades"],
  mode: ["local", "s3", "both"]
}

const keysByTable: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
  ...Object.entries(defaults).filter(([table]) => table !== "market").map(([table, keys]) =>
    [`[${table}]`, Object.keys(keys)] as const
  ),
  ["[aws]", ["home_server_name", "endpoint"]],
  ["[shard]", ["index", "count"]],
  ["[[markets]]", Object.keys(MarketTable.fields)]
]

const sections: ReadonlyArray<string> = Object.keys(ConfigFile.fields)

const keyOf = (path: ReadonlyArray<PropertyKey>): string =>
  String(path.findLast((step) => typeof step === "string") ?? "")

const toml = (value: unknown): string => JSON.stringify(value)

const valueFor = (
  path: ReadonlyArray<PropertyKey>
): { readonly value: unknown; readonly byDefault: boolean } | null => {
  const key = keyOf(path)
  const [, byDefault] =
    Object.entries(defaults).find(([table]) => table === (path[0] === "markets" ? "market" : path[0])) ?? ["", {}]
  const known = Object.entries(byDefault).find(([name]) => name === key)
  if (known !== undefined) return { value: known[1], byDefault: true }
  return key in examples ? { value: examples[key], byDefault: false } : null
}

/** What to write in place of a value that the schema refuses, or of one that is missing. */
export const adviseValue = (path: ReadonlyArray<PropertyKey>, input: unknown): string => {
  const key = keyOf(path)
  if (key === "markets") {
    return path.length === 1 && typeof input === "object" && input !== null && !Array.isArray(input)
      ? "write [[markets]] with two brackets, once for each group of symbols"
      : "write [[markets]] and below it exchange = \"binance\" and symbols = [\"btcusdt\"]"
  }
  if (path.length === 1) return `write [${key}] on a line of its own, and its keys below`
  const choices = words[key]
  if (choices !== undefined && typeof input === "string") {
    const meant = nearest(input, choices)
    return key === "feeds" && typeof path.at(-1) !== "number"
      ? `write ${key} = ${toml([meant ?? "trades"])}`
      : meant === null
      ? `write one of ${choices.map(toml).join(", ")}`
      : `write ${toml(meant)}`
  }
  if (key === "symbols" && typeof path.at(-1) === "number") return "write the symbol in quotes, such as \"btcusdt\""
  if (key === "symbols" && typeof input === "string" && input !== "") return "write the symbol in brackets, as a list"
  const shown = valueFor(path)
  if (shown === null) return "correct or remove it"
  if (typeof shown.value === "number" && typeof input === "string" && /^\d+(\.\d+)?$/.test(input)) {
    return `write ${key} = ${input}, without quotes`
  }
  return `write for example ${key} = ${toml(shown.value)}${shown.byDefault ? ", the default" : ""}`
}

/** What to do about a key that its table does not have. */
export const adviseUnknownKey = (path: ReadonlyArray<PropertyKey>, known: ReadonlyArray<string>): string => {
  const key = keyOf(path)
  const elsewhere = keysByTable.find(([, keys]) => keys.includes(key))
  if (elsewhere !== undefined) return `move it to ${elsewhere[0]}`
  const meant = nearest(key, known)
  if (meant !== null) return `did you mean ${meant}?`
  if (/secret|password|token|credential|(access|api)_?key/i.test(key)) {
    return "remove it; secrets come from the environment, see .env.example"
  }
  return path.length === 1
    ? `remove it; the tables are ${sections.join(", ")}`
    : `remove it; the keys here are ${known.join(", ")}`
}
