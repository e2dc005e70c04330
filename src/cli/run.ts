import { Command } from "effect/cli"
import { configFlag } from "./configFlag.ts"
import { lazily } from "./lazily.ts"

/** `ticklake run`: records until it is stopped. */
export const run = Command.make("run", { config: configFlag }, lazily(() => import("./run/handle.ts"))).pipe(
  Command.withShortDescription("Record the configured feeds until stopped"),
  Command.withDescription(
    "Record the configured feeds until stopped by SIGTERM or SIGINT (Ctrl-C), which closes the connections, seals the files "
      + "and moves them, each within its limit. A second signal ends at once without sealing; the next start finishes the files then. "
      + "SIGHUP has it read the configuration again: feeds that were added start, those that were removed stop in order, those "
      + "whose market changed connect anew, and the others are not touched. A configuration that is wrong changes nothing."
  ),
  Command.withExamples([
    { command: "ticklake run", description: "record what config.toml here names" },
    { command: "ticklake run --config /etc/ticklake.toml", description: "record what another file names" },
    { command: "LOG_LEVEL=debug ticklake run", description: "also say what usually needs no words" }
  ])
)
