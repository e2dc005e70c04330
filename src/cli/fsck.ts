import { Argument, Command, Flag } from "effect/cli"
import { configFlag } from "./configFlag.ts"
import { lazily } from "./lazily.ts"
import { pathArgument } from "./pathParam.ts"

/** `ticklake fsck`: says what is sound below a data folder and what is not, and with `--repair` puts it in order. */
export const fsck = Command.make(
  "fsck",
  {
    path: pathArgument("path").pipe(
      Argument.withDescription("folder to check; otherwise data_dir of the configuration"),
      Argument.optional
    ),
    config: configFlag,
    repair: Flag.Boolean("repair").pipe(
      Flag.withDefault(false),
      Flag.withDescription("do what the next start of the recorder would do; no recorder may run there")
    )
  },
  lazily(() => import("./fsck/handle.ts"))
).pipe(
  Command.withShortDescription("Check the files of a data folder, and what a crash left there"),
  Command.withDescription(
    "Check journal, open and sealed files of a data folder: every page by its checksum. Changes nothing unless asked to. "
      + "Exit code 0 when all is sound, 1 when a crash left work, 2 when something is damaged or cannot be read. "
      + "What was set aside earlier is named and changes nothing of that."
  ),
  Command.withExamples([
    { command: "ticklake fsck", description: "check data_dir of config.toml" },
    { command: "ticklake fsck data/archive", description: "check every file of an archive" },
    { command: "ticklake fsck --repair", description: "do what the next start of the recorder would do" }
  ])
)
