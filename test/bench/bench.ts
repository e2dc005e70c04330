/** Measures what recording costs: `npm run bench -- [parts] [--short]`; docs/performance.md says what each figure means. */
import { parseArgs } from "node:util"
import { regressions, setBaseline } from "./baseline.ts"
import { endAll } from "./child.ts"
import { writeDocs } from "./docs.ts"
import type { Figure } from "./figures.ts"
import type { Form } from "./part.ts"
import { encode } from "./parts/encode.ts"
import { floorRatio } from "./parts/floorRatio.ts"
import { growth } from "./parts/growth.ts"
import { highestRate } from "./parts/highestRate.ts"
import { soak } from "./parts/soak.ts"
import { spike } from "./parts/spike.ts"
import { startTime } from "./parts/startTime.ts"
import { keep, machine, readResults } from "./results.ts"
import { table } from "./table.ts"

const parts: Readonly<Record<string, (form: Form) => Promise<ReadonlyArray<Figure>>>> = {
  start: startTime,
  encode,
  "floor-ratio": floorRatio,
  "highest-rate": highestRate,
  growth,
  spike,
  soak
}
const byDefault = {
  full: ["start", "encode", "floor-ratio", "highest-rate", "growth", "spike"],
  short: ["start", "encode", "floor-ratio"]
}

/** The first line of an error fits into a table. */
const errorText = (error: unknown) => String(error).split("\n")[0]!.slice(0, 200)

const usage =
  `npm run bench -- [parts] [--short] [--json FILE] [--soak-minutes N] [--write-docs] [--check-baseline] [--set-baseline]
Parts: ${Object.keys(parts).join(", ")}, or none. docs/performance.md says what each of them measures.`

const refuse = (reason: string): never => {
  console.error(`${reason}\n${usage}`)
  process.exit(1)
}

const read = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean", default: false },
        short: { type: "boolean", default: false },
        json: { type: "string", default: "data/bench.json" },
        "soak-minutes": { type: "string", default: "10" },
        "write-docs": { type: "boolean", default: false },
        "check-baseline": { type: "boolean", default: false },
        "set-baseline": { type: "boolean", default: false }
      }
    })
  } catch (error) {
    return refuse(errorText(error))
  }
}
const { positionals, values } = read()
if (values.help) {
  console.log(usage)
  process.exit(0)
}
const unknown = positionals.filter((name) => parts[name] === undefined && name !== "none")
if (unknown.length > 0) refuse(`There is no part ${unknown.join(", ")}.`)
if (values["set-baseline"] && !values.short) refuse("The baseline is one of the short form: add --short.")

const form: Form = { short: values.short, soakMinutes: Number(values["soak-minutes"]) }
if (!(form.soakMinutes > 0)) refuse("--soak-minutes takes a number above 0.")
const chosen = positionals.length > 0
  ? positionals.filter((name) => name !== "none")
  : byDefault[form.short ? "short" : "full"]
const run = (part: string): Promise<ReadonlyArray<Figure>> =>
  parts[part]!(form).catch((error: unknown) => {
    endAll()
    return [{ part, name: "all figures", value: NaN, unit: "", void: errorText(error) }]
  })
const isWrong = (part: string, figures: ReadonlyArray<Figure>) =>
  figures.some((figure) => figure.void !== undefined) ||
  (values["check-baseline"] && regressions([part], figures).length > 0)

const measured: Array<Figure> = []
for (const part of chosen) {
  console.error(`${part} ...`)
  const startedAt = performance.now()
  let figures = await run(part)
  // What else a machine does at the same time may spoil seconds once.
  if (form.short && isWrong(part, figures)) figures = await run(part)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  measured.push(...figures)
  keep(values.json, {
    part,
    date: new Date().toISOString(),
    form: form.short ? "short" : "full",
    machine: machine(),
    seconds,
    figures
  })
  const look = form.short ? "; this was its short form, a look and no measurement" : ""
  console.log(`\n${table(figures)}\n\n${part} took ${seconds} s${look}\n`)
}
console.log(`${machine()}; as JSON in ${values.json}`)
if (values["set-baseline"]) setBaseline(measured)
if (values["write-docs"]) {
  try {
    writeDocs(readResults(values.json))
  } catch (error) {
    refuse(errorText(error))
  }
}
const worse = values["check-baseline"] ? regressions(chosen, measured) : []
for (const line of worse) console.error(`worse than before: ${line}`)
const counts = measured.every((figure) => figure.void === undefined)
process.exit(counts && worse.length === 0 ? 0 : 1)
