/** The newest of what was appended, in the order in which it was. */
export class Newest<A> {
  readonly #capacity: number
  readonly #items: Array<A> = []
  #first = 0
  #forgotten = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get length(): number {
    return this.#items.length - this.#first
  }

  /** How many were dropped because there were too many. */
  get forgotten(): number {
    return this.#forgotten
  }

  append(item: A) {
    this.#items.push(item)
    if (this.length <= this.#capacity) return
    this.#first++
    this.#forgotten++
    // Moves the rest only now and then, so that a long list costs no more than a short one.
    if (this.#first * 4 < this.#capacity) return
    this.#items.splice(0, this.#first)
    this.#first = 0
  }

  /** What is at a place, counted from the oldest that is kept. */
  at(place: number): A | undefined {
    return this.#items[this.#first + place]
  }

  /** From place `from` up to but not including place `to`. */
  slice(from: number, to: number): ReadonlyArray<A> {
    return this.#items.slice(this.#first + Math.max(0, from), this.#first + Math.max(0, Math.min(to, this.length)))
  }
}
