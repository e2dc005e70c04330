import type { Fill } from "./Market.ts"

/** The id of a fill in the notation of a venue: digits, which compare as whole numbers. */
export type IdOf = (fill: Fill) => string

/** The newest fills of a market in the order in which they happened, whether anybody heard of them or not. */
export class Tape {
  readonly #capacity: number
  readonly #fills: Array<Fill> = []
  #first = 0
  #forgotten = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get length(): number {
    return this.#fills.length - this.#first
  }

  /** Fills that were dropped because there were too many. */
  get forgotten(): number {
    return this.#forgotten
  }

  get last(): Fill | undefined {
    return this.length === 0 ? undefined : this.#fills.at(-1)
  }

  append(fill: Fill) {
    this.#fills.push(fill)
    if (this.length <= this.#capacity) return
    this.#first++
    this.#forgotten++
    // Moves the rest only now and then, so that a long tape costs no more than a short one.
    if (this.#first * 4 < this.#capacity) return
    this.#fills.splice(0, this.#first)
    this.#first = 0
  }

  /** From place `from` up to but not including place `to`, counted from the oldest fill that is kept. */
  slice(from: number, to: number): ReadonlyArray<Fill> {
    return this.#fills.slice(this.#first + Math.max(0, from), this.#first + Math.max(0, Math.min(to, this.length)))
  }

  newest(count: number): ReadonlyArray<Fill> {
    return this.slice(this.length - count, this.length)
  }

  /**
   * The place of the first fill whose id is not below `id`. Where the venue began to number anew, the newest numbering
   * that knows the id counts; an id above everything is behind the last fill.
   */
  placeOf(id: string, idOf: IdOf): number {
    const wanted = BigInt(id)
    const idAt = (place: number) => BigInt(idOf(this.#at(place)))
    let to = this.length
    while (to > 0) {
      const from = this.#lowest(0, to, (place) => this.#at(place).numbering >= this.#at(to - 1).numbering)
      if (wanted <= idAt(to - 1) && (from === 0 || wanted >= idAt(from))) {
        return this.#lowest(from, to, (place) => idAt(place) >= wanted)
      }
      to = from
    }
    return this.length
  }

  /** The place of the first fill that happened at this millisecond or later. */
  placeAt(millis: number): number {
    return this.#lowest(0, this.length, (place) => this.#at(place).atMillis >= millis)
  }

  #at(place: number): Fill {
    const fill = this.#fills[this.#first + place]
    if (fill === undefined) throw new RangeError(`the tape has no place ${place}`)
    return fill
  }

  /** The lowest place for which `holds`, if it holds for all places after it; `to` where there is none. */
  #lowest(from: number, to: number, holds: (place: number) => boolean): number {
    let low = from
    let high = to
    while (low < high) {
      const middle = (low + high) >>> 1
      if (holds(middle)) high = middle
      else low = middle + 1
    }
    return low
  }
}
