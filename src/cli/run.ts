import { Effect, Option, References } from "effect"
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
    const requested = yield* References.MinimumLogLevel
    // The global --log-level flag stands in this reference. Its default cannot be told from `info`, which LOG_LEVEL may override.
    const level = requested === "Info" ? config.logging.level : requested
    return yield* App.run(config).pipe(Effect.provide(Logging.layerConsole(level)))
  })
).pipe(Command.withDescription(
  "Record the configured feeds until stopped by SIGTERM or SIGINT; a second signal ends at once without sealing"
))
