import { Effect, Option, References } from "effect"
import * as App from "../../App.ts"
import { loadConfig } from "../../config/loadConfig.ts"
import * as Logging from "../../telemetry/Logging.ts"
import { notations } from "../notations.ts"

/** Records until it is stopped. */
export const handle = Effect.fnUntraced(function*({ config: path }: { readonly config: Option.Option<string> }) {
  const config = yield* loadConfig({ path: Option.getOrNull(path), notations })
  const requested = yield* References.MinimumLogLevel
  // The global --log-level flag stands in this reference. Its default cannot be told from `info`, which LOG_LEVEL may override.
  const level = requested === "Info" ? config.logging.level : requested
  return yield* App.run(config).pipe(Effect.provide(Logging.layerConsole(level)))
})
