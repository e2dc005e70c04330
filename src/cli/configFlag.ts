import { Flag } from "effect/cli"
import { pathFlag } from "./pathParam.ts"

/** `--config`, shared by every command that reads the configuration. */
export const configFlag = pathFlag("config").pipe(
  Flag.withAlias("c"),
  Flag.optional,
  Flag.withDescription("path of the TOML file; otherwise CONFIG_PATH, otherwise config.toml")
)
