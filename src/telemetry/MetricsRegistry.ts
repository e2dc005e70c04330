import { setImmediate } from "node:timers/promises"
import { collectDefaultMetrics, Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from "prom-client"
import type { Histogram as Counts } from "./Histogram.ts"
import { type Reading, readings, type Series, type Source } from "./metricReadings.ts"
import { type Definition, metrics } from "./Metrics.ts"

/** How the metrics can be written: Prometheus' text format, or OpenMetrics. */
export type Format = "text" | "openmetrics"

/** A metric that prom-client writes and somebody else counts: a scrape reads the counters as they are. */
interface Described {
  readonly name: string
  readonly help: string
  readonly labelNames: Array<string>
  readonly registers: []
  readonly read: () => ReadonlyArray<Series<number | Counts>>
}

const bucketLabels = new Map<ReadonlyArray<number>, ReadonlyArray<{ readonly le: string }>>()

const labelsOfBuckets = (bounds: ReadonlyArray<number>) => {
  const known = bucketLabels.get(bounds)
  if (known !== undefined) return known
  const labels = [...bounds.map(String), "+Inf"].map((le) => ({ le }))
  bucketLabels.set(bounds, labels)
  return labels
}

/** The lines of one series. The text of shared labels is made once and kept, as long as they are the same object. */
const linesOf = (name: string) => ({ labels, value }: Series<number | Counts>) => {
  if (typeof value === "number") return [{ labels: {}, sharedLabels: labels, value }]
  let below = 0
  return [
    ...labelsOfBuckets(value.bounds).map((le, bucket) => {
      below += value.counts[bucket] ?? 0
      return { metricName: `${name}_bucket`, labels: le, sharedLabels: labels, value: below }
    }),
    { metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: value.sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: value.count }
  ]
}

const valuesOf = ({ name, read }: Described) => read().flatMap(linesOf(name))

/** Has `metric` tell what is read, in place of what it would count itself. */
const reading = (metric: Counter | Gauge, described: Described) => {
  const own = metric.get.bind(metric)
  metric.get = async () => ({ ...(await own()), values: valuesOf(described) })
  return metric
}

/** `getForPromString` is what a registry asks a histogram for. */
const readingHistogram = (described: Described) => {
  const { help, name } = described
  return Object.assign(new Histogram(described), {
    getForPromString: async () => ({ name, help, type: "histogram", aggregator: "sum", values: valuesOf(described) })
  })
}

const makers = {
  counter: (described: Described) => reading(new Counter(described), described),
  gauge: (described: Described) => reading(new Gauge(described), described),
  histogram: readingHistogram
}

/** A registry of its own for each metric, and one for those of the process: what is written at once stays small. */
const makeRegistries = <R extends Registry | Registry<OpenMetricsContentType>>(
  makeRegistry: () => R,
  source: () => Source
): ReadonlyArray<R> => {
  const definitions: Readonly<Record<string, Definition>> = metrics
  const reads: Readonly<Record<string, Reading<number | Counts>>> = readings
  const own = Object.entries(definitions).map(([name, { help, labels, type, unit }]) => {
    const read = reads[name]!
    const registry = makeRegistry()
    registry.registerMetric(
      makers[type]({
        name,
        help: `${help} (${unit})`,
        labelNames: [...labels],
        registers: [],
        read: () => read(source())
      })
    )
    return registry
  })
  const ofProcess = makeRegistry()
  collectDefaultMetrics({ register: ofProcess as Registry })
  return [...own, ofProcess]
}

/** All metrics, those of the process included, and how to write them. */
export interface MetricsRegistry {
  readonly contentType: Readonly<Record<Format, string>>
  readonly write: (format: Format) => Promise<string>
}

/** Characters after which a scrape lets others run: with a thousand feeds all of it takes longer than a frame should wait. */
const breathChars = 256 * 1024
const endOfOpenMetrics = "# EOF\n"

/** Metrics that are read from what `source` answers at each scrape. */
export const make = (source: () => Source): MetricsRegistry => {
  let current: Source | null = null
  const now = () => current ??= source()
  // Two of each metric: writing OpenMetrics renames its counters.
  const registries = {
    text: makeRegistries(() => new Registry(), now),
    openmetrics: makeRegistries(() => {
      const registry = new Registry<OpenMetricsContentType>()
      registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
      return registry
    }, now)
  }
  return {
    contentType: { text: Registry.PROMETHEUS_CONTENT_TYPE, openmetrics: Registry.OPENMETRICS_CONTENT_TYPE },
    write: async (format) => {
      // Health is judged once for a scrape.
      current = null
      const pieces: Array<string> = []
      let chars = 0
      for (const registry of registries[format]) {
        const piece = await registry.metrics()
        pieces.push(format === "text" ? piece : piece.slice(0, -endOfOpenMetrics.length))
        chars += piece.length
        if (chars < breathChars) continue
        chars = 0
        await setImmediate()
      }
      return format === "text" ? pieces.join("\n") : pieces.join("") + endOfOpenMetrics
    }
  }
}
