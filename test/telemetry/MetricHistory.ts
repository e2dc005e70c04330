import type { Exposed } from "./exposition.ts"

/** Metrics whose value says what is so, not what has happened: it is enough that they say something. */
const steady: ReadonlySet<string> = new Set([
  "collector_build_info",
  "collector_shard_index",
  "collector_shards",
  "collector_start_timestamp_seconds",
  "collector_completeness_objective",
  "collector_disk_size_bytes",
  "collector_disk_free_bytes"
])

/** What scrapes have shown of each metric so far. */
export class MetricHistory {
  readonly #values = new Map<string, Map<string, Set<number>>>()
  readonly #counts = new Set<string>()

  /** Adds a scrape of the process called `process`, whose series are its own. */
  add(process: string, scrape: ReadonlyMap<string, Exposed>): void {
    for (const [name, { samples, type }] of scrape) {
      if (type !== "gauge") this.#counts.add(name)
      const bySeries = this.#values.get(name) ?? new Map<string, Set<number>>()
      this.#values.set(name, bySeries)
      for (const { series, value } of samples) {
        const key = `${process} ${series}`
        bySeries.set(key, (bySeries.get(key) ?? new Set<number>()).add(value))
      }
    }
  }

  /** True once something has updated the metric: a count is above zero, or a gauge has had two values. */
  isUpdated(name: string): boolean {
    const series = [...this.#values.get(name)?.values() ?? []]
    if (this.#counts.has(name) || steady.has(name)) {
      return series.some((values) => [...values].some((value) => value > 0))
    }
    return series.some((values) => values.size > 1)
  }
}
