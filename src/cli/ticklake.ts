import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Exit, Option, Runtime } from "effect"
import { CliError, Command } from "effect/cli"
import packageJson from "../../package.json" with { type: "json" }
import { check } from "./check.ts"
import { coverage } from "./coverage.ts"
import { demo } from "./demo.ts"
import { fsck } from "./fsck.ts"
import { inspect } from "./inspect.ts"
import { run } from "./run.ts"
import { simulate } from "./simulate.ts"

const ticklake = Command.make("ticklake").pipe(
  Command.withDescription("Records order books and trades of five crypto exchanges into Parquet files"),
  Command.withSubcommands([run, check, inspect, coverage, fsck, demo, simulate])
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
const teardown: Runtime.Teardown = (exit, onExit) => {
  // What a slow reader of a pipe has not taken yet would be lost with the process.
  const end = (code: number) => void process.stdout.write("", () => onExit(code))
  if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) end(0)
  else Runtime.defaultTeardown(exit, end)
}

/** Runs what the command line asks for. The first SIGTERM or SIGINT interrupts it and lets it wind down. */
export const start = (): void =>
  NodeRuntime.runMain(
    Command.run(ticklake, { version: packageJson.version }).pipe(
      Effect.tapCause(report),
      Effect.provide(NodeServices.layer)
    ),
    { teardown, disableErrorReporting: true }
  )
