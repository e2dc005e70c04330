import { Argument, Command, Flag } from "effect/cli"
import { configFlag } from "./configFlag.ts"
import { lazily } from "./lazily.ts"
import { pathArgument } from "./pathParam.ts"

/** `ticklake coverage`: what is proven to be complete, hour by hour. */
export const coverage = Command.make(
  "coverage",
  {
    place: pathArgument("place").pipe(
      Argument.withDescription("an archive folder, or s3://bucket/prefix (all keys that begin so)")
    ),
    config: configFlag,
    from: Flag.String("from").pipe(
      Flag.optional,
      Flag.withDescription(
        "first day (2026-11-22) or hour (2026-11-22T10:00:00Z), UTC; otherwise from the first file on"
      )
    ),
    to: Flag.String("to").pipe(
      Flag.optional,
      Flag.withDescription(
        "last day, or time with whose hour it ends; all up to there must be accounted for, otherwise up to the last file"
      )
    ),
    feed: Flag.String("feed").pipe(
      Flag.optional,
      Flag.withDescription("these feeds alone: <exchange>/<symbol>/<data type>, each with * and ?; okx means okx/*/*")
    ),
    verify: Flag.Boolean("verify").pipe(
      Flag.optional,
      Flag.withDescription(
        "read whole files to compare them with the digest their successor names; otherwise done for folders, not for buckets"
      )
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDefault(false),
      Flag.withDescription("print one JSON document in place of the map; docs/inspecting.md describes it")
    )
  },
  lazily(() => import("./coverage/handle.ts"))
).pipe(
  Command.withShortDescription("Say hour by hour what is proven complete, repaired, missing or not provable"),
  Command.withDescription(
    "Say for each feed and hour (UTC) whether it is proven complete, repaired, a known hole, not provable, or unexplained, with "
      + "the rows and what is missing. It goes by the certificates in the files, the chain that they form, and the recorded gaps; "
      + "docs/completeness.md says what each word means. Exit code 1 where something is unexplained: a file is missing or "
      + "changed, or time is covered by neither files nor gaps; and where a folder cannot be read. Region, endpoint and "
      + "credentials of a bucket come from the configuration and the environment."
  ),
  Command.withExamples([
    { command: "ticklake coverage data/archive", description: "everything in an archive" },
    {
      command: "ticklake coverage data/archive --from 2026-11-20 --to 2026-11-22 --feed okx/*/trade",
      description: "three days of some feeds"
    },
    { command: "ticklake coverage s3://market-data --verify", description: "a bucket, each file read and compared" },
    { command: "ticklake coverage data/archive --json", description: "the same for programs, such as jq" }
  ])
)
