import type { Fill } from "../Market.ts"

/** Upbit's trade ids: the millisecond of the trade times 10,000 plus a small number, as text of 17 digits. */
export class SequentialIds {
  readonly #ids = new WeakMap<Fill, string>()
  #millis = 0
  #within = 0

  of(fill: Fill): string {
    const known = this.#ids.get(fill)
    if (known !== undefined) return known
    const step = 1 + (fill.sparseNumber % 3)
    this.#within = fill.atMillis === this.#millis ? this.#within + step : step
    this.#millis = fill.atMillis
    const id = `${fill.atMillis}${String(this.#within).padStart(4, "0")}`
    this.#ids.set(fill, id)
    return id
  }
}
