/** How often values of each size were observed. Plain numbers, so that observing costs next to nothing. */
export class Histogram {
  /** Ascending; a value belongs to the first bound that it does not exceed. */
  readonly bounds: ReadonlyArray<number>
  /** How many values belong to each bound, and last those above all of them; not cumulative. */
  readonly counts: Float64Array
  sum = 0
  count = 0

  constructor(bounds: ReadonlyArray<number>) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  /** Counts `value`, `times` times. */
  observe(value: number, times = 1): void {
    let place = 0
    while (place < this.bounds.length && value > (this.bounds[place] ?? Infinity)) place++
    this.counts[place] = (this.counts[place] ?? 0) + times
    this.sum += value * times
    this.count += times
  }
}
