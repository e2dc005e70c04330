import { Effect } from "effect"
import { type Definition, metrics } from "../../src/telemetry/Metrics.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { parse } from "../telemetry/exposition.ts"
import { quietRegistry } from "../telemetry/quietRegistry.ts"

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")

const own = () =>
  Object.entries<Definition>(metrics).map(([name, { help, labels, type, unit }]) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(", "),
    unit,
    help
  ])

/** The tables of `docs/metrics.md`, from the definitions and from what prom-client says of the process. */
export const metricTables = Effect.gen(function*() {
  const registry = quietRegistry(yield* Telemetry)
  const exposed = parse(yield* Effect.promise(() => registry.write("text")))
  const ofProcess = [...exposed].filter(([name]) => !name.startsWith("collector_"))
  return [
    table(["metric", "type", "labels", "unit", "meaning"], own()),
    "## The process",
    "From prom-client, as for every program on Node.js.",
    table(["metric", "type", "meaning"], ofProcess.map(([name, { help, type }]) => [`\`${name}\``, type, help]))
  ].join("\n\n")
}).pipe(Effect.provide(Telemetry.layer))
