import { Cause, Effect, Option, References } from "effect"
import * as App from "../../App.ts"
import { loadConfig } from "../../config/loadConfig.ts"
import * as Logging from "../../telemetry/Logging.ts"
import * as LogLine from "../../telemetry/LogLine.ts"
import { notations } from "../notations.ts"
import { logShard } from "./logShard.ts"
import * as reloading from "./reloading.ts"

/** Why the process ends goes into the log file too; the terminal hears it when everything has ended. */
const logEnd = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const error = Option.getOrNull(Cause.findErrorOption(cause))
  return error === null
    ? Effect.logFatal("a bug ends the process", cause)
    : Effect.logFatal(`${error instanceof Error ? error.message : String(error)}; the process ends`)
}

/** Records until it is stopped, by what the configuration says now. */
export const handle = Effect.fnUntraced(function*({ config: path }: { readonly config: Option.Option<string> }) {
  const requests = yield* reloading.requests
  const config = yield* loadConfig({ path: Option.getOrNull(path), notations })
  const requested = yield* References.MinimumLogLevel
  // The global --log-level flag stands in this reference. Its default cannot be told from `info`, which LOG_LEVEL may override.
  const level = requested === "Info" ? config.logging.level : requested
  const { dir, maxFileBytes, retentionDays } = config.logging
  return yield* Effect.andThen(logShard(config), App.run(config, reloading.reloading(requests, config))).pipe(
    Effect.tapCause((cause) => LogLine.notOnConsole(logEnd(cause))),
    Effect.provide(Logging.layer(level, { folder: dir, maxFileBytes, retentionDays }))
  )
}, Effect.scoped)
