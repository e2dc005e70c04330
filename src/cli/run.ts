import { Effect, Option } from "effect"
import { Command } from "effect/cli"
import * as App from "../App.ts"
import { loadConfig } from "../config/loadConfig.ts"
import * as Logging from "../telemetry/Logging.ts"
import { configFlag } from "./configFlag.ts"
import { notations } from "./notations.ts"

/** `ticklake run`: records until it is stopped. */
export const run = Command.make(
  "run",
  { config: configFlag },
  Effect.fnUntraced(function*({ config: path }) {
    const config = yield* loadConfig({ path: Option.getOrNull(path), notations })
    return yield* App.run(config).pipe(Effect.provide(Logging.layerConsole(config.logging.level)))
  })
).pipe(Command.withDescription(
  "Record the configured feeds until stopped by SIGTERM or SIGINT; a second signal ends at once without sealing"
))
