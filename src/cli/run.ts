import { Cause, Effect, Option, References } from "effect"
import { Command } from "effect/cli"
import * as App from "../App.ts"
import { loadConfig } from "../config/loadConfig.ts"
import * as Logging from "../telemetry/Logging.ts"
import * as LogLine from "../telemetry/LogLine.ts"
import { configFlag } from "./configFlag.ts"
import { notations } from "./notations.ts"

/** Why the process ends goes into the log file too; the terminal hears it when everything has ended. */
const logEnd = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const error = Option.getOrNull(Cause.findErrorOption(cause))
  return error === null
    ? Effect.logFatal("a bug ends the process", cause)
    : Effect.logFatal(`${error instanceof Error ? error.message : String(error)}; the process ends`)
}

/** `ticklake run`: records until it is stopped. */
export const run = Command.make(
  "run",
  { config: configFlag },
  Effect.fnUntraced(function*({ config: path }) {
    const config = yield* loadConfig({ path: Option.getOrNull(path), notations })
    const requested = yield* References.MinimumLogLevel
    // The global --log-level flag stands in this reference. Its default cannot be told from `info`, which LOG_LEVEL may override.
    const level = requested === "Info" ? config.logging.level : requested
    const { dir, maxFileBytes, retentionDays } = config.logging
    return yield* App.run(config).pipe(
      Effect.tapCause((cause) => LogLine.notOnConsole(logEnd(cause))),
      Effect.provide(Logging.layer(level, { folder: dir, maxFileBytes, retentionDays }))
    )
  })
).pipe(Command.withDescription(
  "Record the configured feeds until stopped by SIGTERM or SIGINT; a second signal ends at once without sealing"
))
