/** Numbers that are remembered: ten seconds of the fastest book. */
const remembered = 1024

/** The numbers of events that came last, oldest forgotten first. To add one costs next to nothing. */
export class RecentNumbers {
  readonly #ring = new Float64Array(remembered).fill(Number.NaN)
  #at = 0
  /** The same numbers, while they are asked for with each event. */
  #known: Set<number> | null = null

  add(number: number): void {
    this.#known?.delete(this.#ring[this.#at]!)
    this.#known?.add(number)
    this.#ring[this.#at] = number
    this.#at = (this.#at + 1) % remembered
  }

  has(number: number): boolean {
    return this.#known?.has(number) ?? this.#ring.includes(number)
  }

  /** Whether many questions are to be expected. */
  expectQuestions(many: boolean): void {
    if (!many) this.#known = null
    else this.#known ??= new Set(this.#ring)
  }
}
