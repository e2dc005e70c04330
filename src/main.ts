import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Exit, Option, Runtime } from "effect"
import { CliError, Command } from "effect/cli"
import packageJson from "../package.json" with { type: "json" }
import { check } from "./cli/check.ts"
import { demo } from "./cli/demo.ts"
import { fsck } from "./cli/fsck.ts"
import { inspect } from "./cli/inspect.ts"
import { run } from "./cli/run.ts"
import { simulate } from "./cli/simulate.ts"

const ticklake = Command.make("ticklake").pipe(
  Command.withDescription("Records order books and trades of five crypto exchanges into Parquet files"),
  Command.withSubcommands([run, check, inspect, fsck, demo, simulate])
)

/** An expected failure is told in its own words; a bug with its stack. What the command line says, it has said itself. */
const report = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const error = Option.getOrNull(Cause.findErrorOption(cause))
  if (error === null) return Console.error(Cause.pretty(cause))
  if (CliError.isCliError(error)) return Effect.void
  return Console.error(error instanceof Error ? error.message : String(error))
}

/** A requested stop is a success. */
const teardown: Runtime.Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(0) : Runtime.defaultTeardown(exit, onExit)

// The first signal interrupts the program and lets it wind down; who sends a second one does not want to wait for that.
let signals = 0
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    signals++
    if (signals > 1) process.exit(130)
  })
}

// Who closes a terminal wants the recorder to stop like anyone else.
process.on("SIGHUP", () => process.kill(process.pid, "SIGTERM"))

// A reader of our output that goes away, such as `head` or a log shipper, is no reason to stop recording.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error
  })
}

NodeRuntime.runMain(
  Command.run(ticklake, { version: packageJson.version }).pipe(
    Effect.tapCause(report),
    Effect.provide(NodeServices.layer)
  ),
  { teardown, disableErrorReporting: true }
)
