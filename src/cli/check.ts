import { Command, Flag } from "effect/cli"
import { configFlag } from "./configFlag.ts"
import { lazily } from "./lazily.ts"

/** `ticklake check`: prints the resolved feeds, or every problem of the file and the environment; on request asks venues and store. */
export const check = Command.make(
  "check",
  {
    config: configFlag,
    connect: Flag.Boolean("connect").pipe(
      Flag.withDefault(false),
      Flag.withDescription(
        "also connect once to each venue and ask the store, as the recorder would; writes nothing, and gives each 10 seconds"
      )
    )
  },
  lazily(() => import("./check/handle.ts"))
).pipe(
  Command.withShortDescription("Check the configuration, and print what would be recorded"),
  Command.withDescription(
    "Check the configuration and the environment, and print what would be recorded, or everything that is wrong at once with "
      + "what to write instead (exit code 78). With --connect also say whether each venue and the store answer (exit code 1 "
      + "when one does not)."
  ),
  Command.withExamples([
    { command: "ticklake check", description: "check config.toml here" },
    { command: "ticklake check --connect", description: "before the first start, or when a feed stays silent" }
  ])
)
