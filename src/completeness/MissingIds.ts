import type { Missing } from "./Verdict.ts"

/** Ids that are missing below the newest one, newest ranges kept when there are too many of them. */
export class MissingIds {
  readonly #limit: number
  /** Disjoint, oldest first. */
  #ranges: Array<Missing> = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Remembers a hole above all others. */
  add(missing: Missing): void {
    this.#ranges.push(missing)
    if (this.#ranges.length > this.#limit) this.#ranges.shift()
  }

  /** Takes out those of `first` to `last` that are missing; answers how many there were. */
  take(first: number, last: number): number {
    const kept: Array<Missing> = []
    let filled = 0
    for (const range of this.#ranges) {
      if (range.last < first || range.first > last) {
        kept.push(range)
        continue
      }
      filled += Math.min(range.last, last) - Math.max(range.first, first) + 1
      if (range.first < first) kept.push({ first: range.first, last: first - 1 })
      if (range.last > last) kept.push({ first: last + 1, last: range.last })
    }
    this.#ranges = kept
    return filled
  }

  clear(): void {
    this.#ranges = []
  }
}
