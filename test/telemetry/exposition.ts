/** One sample of Prometheus' text format or of OpenMetrics. */
interface Sample {
  /** Name and labels as they stand. */
  readonly series: string
  readonly value: number
}

/** A metric as it is exported. */
export interface Exposed {
  readonly type: string
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

/** What a scrape answers, by name of the metric; a histogram's samples belong to it. Counters keep their `_total`. */
export const parse = (text: string): ReadonlyMap<string, Exposed> => {
  const metrics = new Map<string, { type: string; help: string; readonly samples: Array<Sample> }>()
  const of = (name: string) => {
    const known = metrics.get(name)
    if (known !== undefined) return known
    const fresh = { type: "", help: "", samples: [] }
    metrics.set(name, fresh)
    return fresh
  }
  for (const line of text.split("\n")) {
    const [, kind, described = "", said = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (kind === "HELP") of(described).help = said
    if (kind === "TYPE") of(described).type = said
    if (line === "" || line.startsWith("#")) continue
    const [, series = "", value = ""] = /^(\S+(?:\{.*\})?) (\S+)$/.exec(line) ?? []
    const name = series.replace(/\{.*/, "")
    const family = [name, name.replace(/_(bucket|sum|count)$/, ""), name.replace(/_total$/, "")]
    const owner = family.find((candidate) => metrics.has(candidate))
    if (owner === undefined) throw new Error(`a sample without a metric: ${line}`)
    of(owner).samples.push({ series, value: Number(value.replace("Inf", "Infinity").replace("+", "")) })
  }
  return metrics
}
