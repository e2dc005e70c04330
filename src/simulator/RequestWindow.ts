/** Allows so many requests in any span of time. A request that is refused does not count. */
export class RequestWindow {
  readonly #count: number
  readonly #perMillis: number
  #times: Array<number> = []

  constructor(count: number, perMillis: number) {
    this.#count = count
    this.#perMillis = perMillis
  }

  /** How many requests of the present span were allowed. */
  used(nowMillis: number): number {
    this.#times = this.#times.filter((at) => at > nowMillis - this.#perMillis)
    return this.#times.length
  }

  /** How many more are allowed now. */
  left(nowMillis: number): number {
    return this.#count - this.used(nowMillis)
  }

  /** Counts a request; false where it is one too many. */
  take(nowMillis: number): boolean {
    if (this.left(nowMillis) <= 0) return false
    this.#times.push(nowMillis)
    return true
  }

  /** How long until another request is allowed. */
  waitMillis(nowMillis: number): number {
    const oldest = this.#times[0]
    return this.left(nowMillis) > 0 || oldest === undefined ? 0 : oldest + this.#perMillis - nowMillis
  }
}
