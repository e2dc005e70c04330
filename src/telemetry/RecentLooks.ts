/** One look a second, or a little less often: a machine that is busy is late. */
export const sampleMillis = 1000
/** Looks that the last minute has, and the one before it. */
const kept = 61

/** The last minute of some numbers, from one look a second at them. */
export class RecentLooks {
  readonly #columns: number
  /** A ring of rows, one a look. */
  readonly #ring: Float64Array
  #taken = 0

  constructor(columns: number) {
    this.#columns = columns
    this.#ring = new Float64Array(kept * columns)
  }

  /** Takes down what the numbers are now, always in the same order. */
  take(numbers: ReadonlyArray<number>): void {
    this.#ring.set(numbers, (this.#taken % kept) * this.#columns)
    this.#taken++
  }

  /** How many looks there were, those that are gone included. */
  get taken(): number {
    return this.#taken
  }

  /** What the number in this place has gained within the last minute. */
  lastMinute(column: number): number {
    return this.since(column, kept - 1)
  }

  /** What it has gained within so many looks, which are about as many seconds; at most a minute. */
  since(column: number, looks: number): number {
    const last = this.#taken - 1
    const first = Math.max(0, last - looks)
    return this.#at(last, column) - this.#at(first, column)
  }

  #at(look: number, column: number): number {
    return this.#ring[(look % kept) * this.#columns + column]!
  }
}
