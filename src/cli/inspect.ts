import { Argument, Command, Flag } from "effect/cli"
import { configFlag } from "./configFlag.ts"
import { lazily } from "./lazily.ts"
import { pathArgument } from "./pathParam.ts"

/** `ticklake inspect`: what files of the recorder's hold, by their footers. */
export const inspect = Command.make(
  "inspect",
  {
    place: pathArgument("place").pipe(
      Argument.withDescription("a Parquet file, a folder, or s3://bucket/prefix (all keys that begin so)")
    ),
    config: configFlag,
    files: Flag.Boolean("files").pipe(
      Flag.withDefault(false),
      Flag.withDescription("one line a file, below the feeds")
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDefault(false),
      Flag.withDescription("print one JSON document in place of tables; docs/inspecting.md describes it")
    )
  },
  lazily(() => import("./inspect/handle.ts"))
).pipe(
  Command.withShortDescription("Say what recorded files hold: feeds, rows, times, ids, sizes"),
  Command.withDescription(
    "Say what recorded files hold: rows, receive times, ids, row groups and sizes of each feed. Reads footers, and of the rows "
      + "only the ids of the first and the last ones, so it is quick on large folders and buckets; `fsck` reads everything. "
      + "Damaged and foreign files and copies are named, and make the exit code 1. Region, endpoint and credentials of a bucket come from "
      + "the configuration and the environment."
  ),
  Command.withExamples([
    { command: "ticklake inspect data/archive", description: "each feed of an archive" },
    {
      command: "ticklake inspect data/archive/okx/btcusdt/trade/2026-11-22/1795314063089.parquet",
      description: "one file"
    },
    { command: "ticklake inspect s3://market-data/binance/ --files", description: "each file of a venue in a bucket" },
    { command: "ticklake inspect data/archive --json", description: "the same for programs, such as jq" }
  ])
)
