import { Effect, FileSystem, type Layer, PlatformError } from "effect"
import type { Config } from "../../src/config/Config.ts"
import type { ConfigError } from "../../src/config/ConfigError.ts"
import type { Environment } from "../../src/config/environment.ts"
import { loadConfig } from "../../src/config/loadConfig.ts"
import type { SymbolNotation } from "../../src/domain/SymbolNotation.ts"
import type { Venue } from "../../src/domain/Venue.ts"

/** Notations in the manner of the real venues, so that these tests stand when a venue's own changes. */
export const notations: Readonly<Record<Venue, SymbolNotation>> = {
  binance: { pattern: /^[\p{L}\p{N}]+$/u, description: "letters and digits without a separator", example: "btcusdt" },
  coinbase: { pattern: /^[A-Z0-9]+-[A-Z0-9]+$/, description: "upper case with a dash, base first", example: "BTC-USD" },
  upbit: { pattern: /^[A-Z0-9]+-[A-Z0-9]+$/, description: "upper case with a dash, quote first", example: "KRW-BTC" },
  okx: { pattern: /^[A-Z0-9]+(-[A-Z0-9]+)+$/, description: "upper case with a dash, base first", example: "BTC-USDT" },
  bybit: { pattern: /^[A-Z0-9]+$/, description: "upper case without a separator", example: "BTCUSDT" }
}

/** A file system that holds these files; `null` stands for one that nobody may read. */
export const files = (contents: Readonly<Record<string, string | null>>): Layer.Layer<FileSystem.FileSystem> =>
  FileSystem.layerNoop({
    readFileString: (path) => {
      const content = contents[path]
      return typeof content === "string" ? Effect.succeed(content) : Effect.fail(PlatformError.systemError({
        _tag: content === null ? "PermissionDenied" : "NotFound",
        module: "FileSystem",
        method: "readFileString",
        pathOrDescriptor: path
      }))
    }
  })

/** Loads `text` as `config.toml`. */
export const load = (
  text: string,
  environment: Environment = {},
  others: Readonly<Record<string, string | null>> = {}
): Effect.Effect<Config, ConfigError> =>
  loadConfig({ path: null, notations, environment }).pipe(Effect.provide(files({ "config.toml": text, ...others })))

/** The error that `text` gives as `config.toml`. */
export const errorOf = (
  text: string,
  environment: Environment = {},
  others: Readonly<Record<string, string | null>> = {}
): Effect.Effect<ConfigError, Config> => Effect.flip(load(text, environment, others))

/** The smallest file that is right. */
export const market = `[[markets]]
exchange = "okx"
symbols = ["BTC-USDT"]
`
