import { Effect, FileSystem } from "effect"
import type { SymbolNotation } from "../domain/SymbolNotation.ts"
import type { Venue } from "../domain/Venue.ts"
import type { Config } from "./Config.ts"
import { ConfigError, inOrder } from "./ConfigError.ts"
import { type Environment, readEnvironment } from "./environment.ts"
import { readOverrides } from "./Overrides.ts"
import { type FileFound, readConfigFile } from "./readConfigFile.ts"
import { resolveConfig } from "./resolveConfig.ts"
import { readSecrets } from "./Secrets.ts"
import { readShard } from "./readShard.ts"
import { textOf } from "./variable.ts"

/** The file that is read where none is named. */
const defaultPath = "config.toml"

/** Where the configuration comes from, and what symbols are checked against. */
export interface Options {
  /** From the command line; null leaves it to `CONFIG_PATH`, and that to `config.toml`. */
  readonly path: string | null
  /** How each venue writes its symbols. */
  readonly notations: Readonly<Record<Venue, SymbolNotation>>
  /** In place of the process's environment and `.env`. */
  readonly environment?: Environment
  /** For commands that record nothing: where no file is named and there is no `config.toml`, defaults and environment suffice. */
  readonly fileMayBeMissing?: boolean
  /** For commands that record nothing: which of several processes this is does not matter, so it need not be said. */
  readonly recordsNothing?: boolean
}

const nothingWritten: FileFound = { value: { markets: [] }, problems: [], shard: undefined }

const fileExists = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.orElseSucceed(fs.exists(path), () => true))

/** The whole configuration, or every problem of the file and the environment at once. */
export const loadConfig = (options: Options): Effect.Effect<Config, ConfigError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const environment = options.environment === undefined
      ? yield* readEnvironment
      : { variables: options.environment, problems: [] }
    const named = options.path ?? textOf(environment.variables, "CONFIG_PATH")
    const path = named ?? defaultPath
    const isMissing = options.fileMayBeMissing === true && named === null && !(yield* fileExists(path))
    const overrides = readOverrides(environment.variables)
    const file = isMissing
      ? nothingWritten
      : yield* readConfigFile(path, options.notations, overrides.value?.dataDir ?? null)
    const shard = readShard(file, overrides)
    const secrets = yield* readSecrets(environment.variables)
    const problems = [
      ...inOrder(file.problems),
      ...(options.recordsNothing === true ? [] : shard.problems),
      ...environment.problems,
      ...overrides.problems,
      ...secrets.problems
    ]
    if (problems.length > 0 || file.value === null || overrides.value === null) {
      return yield* new ConfigError({ file: path, problems })
    }
    return resolveConfig(path, file.value, overrides.value, secrets.value, shard.value)
  })
