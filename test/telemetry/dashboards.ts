import { readFileSync } from "node:fs"
import type { DashboardFile, DashboardPanel } from "./grafanaSchema.ts"

/** The dashboards as files, by name. */
export const dashboardNames = ["recorder", "host"] as const

export const dashboardText = (name: string): string =>
  readFileSync(new URL(`../../grafana/dashboards/${name}.json`, import.meta.url), "utf8")

export const readDashboard = (name: string): DashboardFile => JSON.parse(dashboardText(name)) as DashboardFile

export const panelsOf = ({ panels }: DashboardFile): ReadonlyArray<DashboardPanel> =>
  panels.flatMap((panel) => panel.type === "row" ? [] : [panel])

/** An expression of a panel as Grafana would send it, with everything chosen in every variable. */
export const substituted = (expr: string, rateInterval: string): string =>
  expr.replaceAll("$__rate_interval", rateInterval).replaceAll(/\$\{?(instance|exchange|symbol)\}?/g, ".*")

/** The names of the metrics that a text mentions, `_bucket`, `_sum` and `_count` left out. */
export const metricsIn = (text: string, prefix: RegExp): ReadonlySet<string> =>
  new Set([...text.matchAll(prefix)].map(([name]) => name.replace(/_(bucket|sum|count)$/, "")))
