import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { lowDiskBytes, reasonCodes } from "../../src/telemetry/Health.ts"
import { findProgram } from "./prometheusPrograms.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const read = (path: string) => readFileSync(`${root}/${path}`, "utf8")
const named = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = ""]) => name)

const rules = read("alerts.yml")
const cases = read("test/telemetry/alerts.test.yml")
const runbook = read("docs/runbook.md")
const alerts = named(rules, /^ +- alert: (\S+)$/gm)

describe("alerts", () => {
  const promtool = findProgram("promtool")
  const run = (...args: ReadonlyArray<string>) => promisify(execFile)(promtool.path, [...args], { cwd: root })

  it.runIf(promtool.found)(`promtool accepts configuration and rules${promtool.note}`, async () => {
    assert.match((await run("check", "config", "prometheus.yml")).stdout, /1 rule files found[\s\S]*SUCCESS/)
    const { stdout } = await run("check", "rules", "alerts.yml")
    assert.include(stdout, `SUCCESS: ${alerts.length} rules found`)
  })

  it.runIf(promtool.found)(`each fires when it should, and only then${promtool.note}`, async () => {
    const { stdout } = await run("test", "rules", "test/telemetry/alerts.test.yml")
    assert.include(stdout, "SUCCESS")
  }, 120_000)

  it("each has a case in which it fires and one in which it does not", () => {
    const tests = cases.split(/^ {2}- name: /m).slice(1)
    const alertOf = (test: string) => /^ +alertname: (\S+)$/m.exec(test)?.[1]
    const quiet = tests.filter((test) => test.includes("exp_alerts: []")).map(alertOf)
    const firing = tests.filter((test) => test.includes("exp_labels:")).map(alertOf)
    for (const alert of alerts) {
      assert.include(quiet, alert)
      assert.include(firing, alert)
    }
    for (const alert of [...quiet, ...firing]) assert.include(alerts, alert)
  })

  it("each says how grave it is, how long it waits, what it means, and where to read on", () => {
    for (const rule of rules.split(/^ +- alert: /m).slice(1)) {
      const [alert = ""] = rule.split("\n")
      assert.match(rule, /^ +for: \d+m$/m, alert)
      assert.match(rule, /^ +severity: (warning|critical)$/m, alert)
      assert.match(rule, /^ +summary: \S.+$/m, alert)
      assert.match(rule, /^ +description: [A-Z].+\.$/m, alert)
      assert.include(rule, `runbook_url: docs/runbook.md#${alert.toLowerCase()}\n`)
    }
  })

  it("the runbook has a section for each, and for no other", () => {
    const [, sections = ""] = runbook.split("\n## Alerts\n")
    assert.deepStrictEqual(named(sections, /^### (\S+)$/gm), alerts)
    for (const section of sections.split(/^## /m)[0]!.split(/^### /m).slice(1)) {
      assert.match(section, /^\S+\n\n\*\*Means:\*\* [\s\S]+\n\n\*\*See more:\*\* [\s\S]+\n\n\*\*Do:\*\* /)
    }
  })

  it("the runbook explains every reason of /health, and sends nobody to a section that is not there", () => {
    assert.deepStrictEqual(named(runbook, /^\| `([a-z_]+)` +\|/gm), [...reasonCodes])
    const anchors = new Set(named(runbook, /^#+ (.+)$/gm).map((title) => title.toLowerCase().replaceAll(" ", "-")))
    for (const link of named(runbook, /\]\(#([^)]+)\)/g)) assert.isTrue(anchors.has(link), link)
  })

  it("a disk is almost full where /health calls it low", () => {
    const [, bytes = ""] = /collector_disk_free_bytes < ([\d *]+)$/m.exec(rules) ?? []
    assert.strictEqual(bytes.split("*").map(Number).reduce((product, factor) => product * factor, 1), lowDiskBytes)
  })
})
