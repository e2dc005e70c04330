const bucketMicros = 600_000_000
const buckets = 144

/** Sums of the last day, which begins anew every ten minutes. Plain numbers, so that adding costs next to nothing; times are microseconds since the epoch. */
export class DaySums {
  readonly #columns: number
  /** A row of columns for each bucket. */
  readonly #ring: Float64Array
  readonly #totals: Float64Array
  #newest = 0
  #begunMicros = 0

  constructor(columns: number) {
    this.#columns = columns
    this.#ring = new Float64Array(buckets * columns)
    this.#totals = new Float64Array(columns)
  }

  /** When it was begun anew because the clock was set back; 0 for never. */
  get begunMicros(): number {
    return this.#begunMicros
  }

  /** From when on it has what was added. */
  get beginsMicros(): number {
    return Math.max(this.#begunMicros, (this.#newest - buckets + 1) * bucketMicros)
  }

  /** Lets the present be in the newest bucket. */
  rollTo(nowMicros: number): void {
    const bucket = Math.floor(nowMicros / bucketMicros)
    if (bucket <= this.#newest - buckets) {
      // A clock that was set back by more than a day would leave nothing that can be added to.
      this.#ring.fill(0)
      this.#totals.fill(0)
      this.#begunMicros = nowMicros
    } else if (bucket <= this.#newest) return
    for (let each = Math.max(this.#newest + 1, bucket - buckets + 1); each <= bucket; each++) {
      this.#clear(each % buckets)
    }
    this.#newest = bucket
  }

  /** Adds to what happened at a time; what is not of the last day, or from before it was begun, is left out. */
  add(column: number, atMicros: number, amount: number): void {
    const bucket = Math.floor(atMicros / bucketMicros)
    if (bucket > this.#newest || atMicros < this.beginsMicros) return
    const at = (bucket % buckets) * this.#columns + column
    this.#ring[at] = this.#ring[at]! + amount
    this.#totals[column] = this.#totals[column]! + amount
  }

  /** Adds a span of time, in microseconds, or takes it off where `sign` is -1. */
  addSpan(column: number, fromMicros: number, toMicros: number, sign: 1 | -1): void {
    let from = Math.max(fromMicros, this.beginsMicros)
    while (from < toMicros) {
      const to = Math.min(toMicros, (Math.floor(from / bucketMicros) + 1) * bucketMicros)
      this.add(column, from, sign * (to - from))
      from = to
    }
  }

  total(column: number): number {
    return this.#totals[column]!
  }

  #clear(slot: number): void {
    for (let column = 0; column < this.#columns; column++) {
      const at = slot * this.#columns + column
      this.#totals[column] = this.#totals[column]! - this.#ring[at]!
      this.#ring[at] = 0
    }
  }
}
