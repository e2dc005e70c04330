/** What a scrape of a recorder says. */
export interface Scrape {
  /** Sum over all series of a metric. */
  readonly sum: (name: string) => number
  /** Upper bounds of a histogram's buckets, in order, with how many observations lie below each; over all series. */
  readonly buckets: (name: string) => ReadonlyArray<readonly [bound: number, count: number]>
}

const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const boundOf = /(?:^|,)le="([^"]+)"/

export const scrape = async (port: number): Promise<Scrape> =>
  parse(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())

/** Reads Prometheus' text format. */
export const parse = (text: string): Scrape => {
  const sums = new Map<string, number>()
  const histograms = new Map<string, Map<number, number>>()
  for (const line of text.split("\n")) {
    const [, name, labels = "", value] = sample.exec(line) ?? []
    if (name === undefined) continue
    sums.set(name, (sums.get(name) ?? 0) + Number(value))
    const bound = boundOf.exec(labels)?.[1]
    if (bound === undefined) continue
    const histogram = histograms.get(name) ?? new Map<number, number>()
    const upper = bound === "+Inf" ? Infinity : Number(bound)
    histogram.set(upper, (histogram.get(upper) ?? 0) + Number(value))
    histograms.set(name, histogram)
  }
  return {
    sum: (name) => sums.get(name) ?? 0,
    buckets: (name) => [...histograms.get(`${name}_bucket`) ?? []].toSorted(([a], [b]) => a - b)
  }
}

/** A quantile of what was observed between two scrapes, interpolated within its bucket as Prometheus does. */
export const quantileBetween = (before: Scrape, after: Scrape, name: string, quantile: number): number => {
  const earlier = new Map(before.buckets(name))
  const counts = after.buckets(name).map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)] as const)
  const total = counts.at(-1)?.[1] ?? 0
  if (total === 0) return NaN
  let [lower, below] = [0, 0]
  for (const [bound, count] of counts) {
    if (count >= quantile * total) {
      return bound === Infinity ? lower : lower + (bound - lower) * (quantile * total - below) / (count - below)
    }
    lower = bound
    below = count
  }
  return lower
}
