import type { Fill } from "./Market.ts"
import { Newest } from "./Newest.ts"

/** The id of a fill in the notation of a venue: digits, which compare as whole numbers. */
export type IdOf = (fill: Fill) => string

/** The newest fills of a market in the order in which they happened, whether anybody heard of them or not. */
export class Tape {
  readonly #fills: Newest<Fill>

  constructor(capacity: number) {
    this.#fills = new Newest(capacity)
  }

  get length(): number {
    return this.#fills.length
  }

  /** Fills that were dropped because there were too many. */
  get forgotten(): number {
    return this.#fills.forgotten
  }

  get last(): Fill | undefined {
    return this.#fills.at(this.length - 1)
  }

  append(fill: Fill) {
    this.#fills.append(fill)
  }

  /** From place `from` up to but not including place `to`, counted from the oldest fill that is kept. */
  slice(from: number, to: number): ReadonlyArray<Fill> {
    return this.#fills.slice(from, to)
  }

  newest(count: number): ReadonlyArray<Fill> {
    return this.slice(this.length - count, this.length)
  }

  /**
   * The place of the first fill whose id is not below `id`. Where the venue began to number anew, the newest numbering
   * that goes as high counts; an id above everything is behind the last fill.
   */
  placeOf(id: string, idOf: IdOf): number {
    const wanted = BigInt(id)
    const idAt = (place: number) => BigInt(idOf(this.#at(place)))
    let to = this.length
    while (to > 0) {
      const from = this.#lowest(0, to, (place) => this.#at(place).numbering >= this.#at(to - 1).numbering)
      if (wanted <= idAt(to - 1)) return this.#lowest(from, to, (place) => idAt(place) >= wanted)
      to = from
    }
    return this.length
  }

  /** The place of the first fill that happened at this millisecond or later. */
  placeAt(millis: number): number {
    return this.#lowest(0, this.length, (place) => this.#at(place).atMillis >= millis)
  }

  #at(place: number): Fill {
    const fill = this.#fills.at(place)
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
