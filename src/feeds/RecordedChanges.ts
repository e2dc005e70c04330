/** Changes of a book that are remembered: ten seconds of the fastest. */
const remembered = 1024

/** The numbers of the changes that were recorded last, to know those that another connection brings as well. */
export class RecordedChanges {
  readonly #ring = new Float64Array(remembered).fill(Number.NaN)
  #at = 0
  /** The same numbers, while they are asked for with each change. */
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
