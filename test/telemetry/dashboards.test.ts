import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { dashboardNames, dashboardText, panelsOf, readDashboard } from "./dashboards.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const provisioning = (file: string) => readFileSync(join(root, "grafana/provisioning", file), "utf8")

/** What the compiler says of these dashboards as values of Grafana's types; nothing where all is well. */
const typeErrors = async (texts: Readonly<Record<string, string>>): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "ticklake-grafana-"))
  try {
    for (const [name, text] of Object.entries(texts)) {
      const schema = JSON.stringify(join(root, "test/telemetry/grafanaSchema.ts"))
      writeFileSync(
        join(folder, `${name}.mts`),
        `import type { DashboardFile } from ${schema}\nexport const dashboard: DashboardFile = ${text}`
      )
    }
    const config = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: { typeRoots: [join(root, "node_modules/@types")], plugins: [] },
      include: ["*.mts"]
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    const compiler = join(root, "node_modules/typescript/bin/tsc")
    return await promisify(execFile)(process.execPath, [compiler, "-p", folder, "--pretty", "false"]).then(
      () => "",
      (error: { readonly stdout: string; readonly message: string }) => error.stdout || error.message
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe("dashboards", () => {
  it("are what Grafana's own types want", async () => {
    const texts = Object.fromEntries(dashboardNames.map((name) => [name, dashboardText(name)]))
    assert.strictEqual(await typeErrors(texts), "")
  }, 120_000)

  it("Grafana's types refuse what is misspelt, of the wrong kind, or no option of its panel", async () => {
    const text = dashboardText("recorder")
    const damaged = {
      field: text.replace("\"gridPos\"", "\"gridPosition\""),
      choice: text.replace("\"colorMode\": \"value\"", "\"colorMode\": \"loud\""),
      option: text.replace("\"mergeValues\"", "\"mergeAllValues\""),
      kind: text.replace("\"type\": \"timeseries\"", "\"type\": \"graph\"")
    }
    const errors = await typeErrors(damaged)
    for (const name of Object.keys(damaged)) assert.include(errors, `${name}.mts`)
  }, 120_000)

  it("are all provisioned from their folder, and their datasource by its uid", () => {
    const files = readdirSync(join(root, "grafana/dashboards")).toSorted()
    assert.deepStrictEqual(files, dashboardNames.map((name) => `${name}.json`).toSorted())
    assert.match(provisioning("dashboards/ticklake.yml"), /path: \/var\/lib\/grafana\/dashboards$/m)
    assert.match(provisioning("datasources/prometheus.yml"), /uid: prometheus$/m)
  })

  it("link to each other", () => {
    const uids = dashboardNames.map((name) => readDashboard(name).uid)
    assert.strictEqual(new Set(uids).size, uids.length)
    const targets = dashboardNames.flatMap((name) => readDashboard(name).links.map(({ url }) => url))
    assert.deepStrictEqual(targets.toSorted(), uids.map((uid) => `/d/${uid}`).toSorted())
  })

  for (const name of dashboardNames) {
    const dashboard = readDashboard(name)
    const panels = panelsOf(dashboard)

    it(`${name}: has no id of an installation, and refreshes by itself`, () => {
      assert.notProperty(dashboard, "id")
      assert.strictEqual(dashboard.refresh, "10s")
    })

    it(`${name}: every panel has an id of its own, a title, a description and a unit`, () => {
      const ids = dashboard.panels.map(({ id }) => id)
      assert.strictEqual(new Set(ids).size, ids.length)
      for (const { description, fieldConfig, title } of panels) {
        assert.match(title, /^\S.*\S$/)
        assert.match(description, /^[A-Z].*\.$/, title)
        assert.isString(fieldConfig.defaults.unit, title)
      }
    })

    it(`${name}: no panel covers another or leaves the page`, () => {
      const taken = new Map<string, string>()
      for (const { gridPos, title = "" } of dashboard.panels) {
        const { h, w, x, y } = gridPos ?? assert.fail(title)
        assert.isAtMost(x + w, 24, title)
        for (let column = x; column < x + w; column++) {
          for (let line = y; line < y + h; line++) {
            assert.isUndefined(taken.get(`${column} ${line}`), title)
            taken.set(`${column} ${line}`, title)
          }
        }
      }
    })

    it(`${name}: every query goes to the datasource that is provisioned, under a letter of its own`, () => {
      for (const { datasource, targets, title } of panels) {
        assert.isNotEmpty(targets, title)
        for (const each of [datasource, ...targets.map((target) => target.datasource)]) {
          assert.deepStrictEqual(each, { type: "prometheus", uid: "prometheus" }, title)
        }
        assert.strictEqual(new Set(targets.map(({ refId }) => refId)).size, targets.length, title)
      }
    })

    it(`${name}: shows no total beside the series that it is made of`, () => {
      const exprs = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
      // Without labels of its own to match, a total is another series beside them, and not what stands in for none.
      for (const expr of exprs) assert.notMatch(expr, /\bor sum\(/)
    })

    it(`${name}: uses the variables that it defines, and no other`, () => {
      const defined = (dashboard.templating.list ?? []).map((variable) => variable.name)
      const used = [...dashboardText(name).matchAll(/\$\{?([a-z]\w*)/g)].map(([, variable]) => variable)
      assert.deepStrictEqual([...new Set(used)].toSorted(), defined.toSorted())
      for (const { includeAll, multi } of dashboard.templating.list ?? []) assert.isTrue(includeAll && multi)
    })
  }
})
