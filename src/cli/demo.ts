import { Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { lazily } from "./lazily.ts"
import { pathFlag } from "./pathParam.ts"

/** `ticklake demo`: simulator and recorder together, offline, and a proof of what was recorded. */
export const demo = Command.make(
  "demo",
  {
    seconds: Flag.Int("seconds").pipe(
      Flag.withDefault(20),
      Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3600 }))),
      Flag.withDescription("how long to record, 20 unless given")
    ),
    folder: pathFlag("folder").pipe(
      Flag.withDefault("data/demo"),
      Flag.withDescription("where to put the files, data/demo unless given; each demo gets a folder of its own in it")
    )
  },
  lazily(() => import("./demo/handle.ts"))
).pipe(
  Command.withShortDescription("Record five simulated exchanges for some seconds; needs no network"),
  Command.withDescription(
    "Record five simulated exchanges for some seconds and compare every row of the files with what was sent. Needs no network "
      + "and no configuration, and leaves the files to look at."
  ),
  Command.withExamples([
    { command: "ticklake demo", description: "20 seconds, files below data/demo" },
    { command: "ticklake demo --seconds 60 --folder /tmp/demo", description: "longer, and elsewhere" }
  ])
)
