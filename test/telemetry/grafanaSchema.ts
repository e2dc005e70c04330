import type { GraphFieldConfig, TableFieldOptions } from "@grafana/schema"
import type { Options as HeatmapOptions } from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen.d.ts"
import type { FieldConfig as HeatmapFieldConfig } from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen.d.ts"
import type { Options as StatOptions } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts"
import type {
  FieldConfig as StateTimelineFieldConfig,
  Options as StateTimelineOptions
} from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen.d.ts"
import type { Options as TableOptions } from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts"
import type { Options as TimeSeriesOptions } from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts"
import type {
  Dashboard,
  FieldConfig,
  FieldConfigSource,
  Panel,
  RowPanel
} from "@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen.d.ts"

/** A type of Grafana's as it is in JSON, where the members of an enum are their values. */
type InJson<T> = T extends string ? `${T}`
  : T extends ReadonlyArray<infer Item> ? ReadonlyArray<InJson<Item>>
  : T extends object ? { readonly [Key in keyof T]: InJson<T[Key]> }
  : T

/** A query to Prometheus. Its schema is not in the package. */
interface Query {
  readonly refId: string
  readonly datasource: { readonly type: "prometheus"; readonly uid: string }
  readonly editorMode: "code" | "builder"
  readonly expr: string
  readonly legendFormat: string
  readonly range?: boolean
  readonly instant?: boolean
  readonly format?: "time_series" | "table" | "heatmap"
}

interface Fields<Custom> extends Omit<FieldConfigSource, "defaults"> {
  readonly defaults: Omit<FieldConfig, "custom"> & { readonly custom?: Partial<Custom> }
}

/** A panel of one kind: everything that a reader of the dashboard leans on is there. */
type PanelOf<Type extends string, Options, Custom> =
  & InJson<Omit<Panel, "type" | "options" | "fieldConfig" | "targets">>
  & InJson<Required<Pick<Panel, "id" | "title" | "description" | "datasource" | "gridPos">>>
  & {
    readonly type: Type
    readonly options: InJson<Options>
    readonly fieldConfig: InJson<Fields<Custom>>
    readonly targets: ReadonlyArray<Query>
  }

export type DashboardPanel =
  | PanelOf<"stat", StatOptions, Record<string, never>>
  // What the panel works out itself when it is read from a file.
  | PanelOf<"table", Omit<TableOptions, "frameIndex">, TableFieldOptions>
  | PanelOf<"heatmap", HeatmapOptions, HeatmapFieldConfig>
  | PanelOf<"timeseries", TimeSeriesOptions, GraphFieldConfig>
  | PanelOf<"state-timeline", StateTimelineOptions, StateTimelineFieldConfig>

/** A dashboard of Grafana's own schema, of the kinds of panels that are in use here. */
export type DashboardFile =
  & InJson<Omit<Dashboard, "panels">>
  & InJson<Required<Pick<Dashboard, "uid" | "title" | "refresh" | "links" | "templating">>>
  & { readonly panels: ReadonlyArray<DashboardPanel | InJson<RowPanel>> }
