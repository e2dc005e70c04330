/** Bans an address that goes on asking after it was told to stop so many times, or at once where that is 0. */
export class Ban {
  readonly #patience: number
  readonly #millis: number
  #ignored = 0
  #untilMillis = Number.NEGATIVE_INFINITY

  constructor(patience: number, millis: number) {
    this.#patience = patience
    this.#millis = millis
  }

  /** How long the ban lasts from now; 0 without one. */
  leftMillis(nowMillis: number): number {
    return Math.max(0, this.#untilMillis - nowMillis)
  }

  /** The client was told to stop, or was allowed to ask again. */
  told(toStop: boolean, nowMillis: number) {
    this.#ignored = toStop ? this.#ignored + 1 : 0
    if (this.#ignored <= this.#patience) return
    this.#ignored = 0
    this.#untilMillis = nowMillis + this.#millis
  }
}

/** A time as the whole seconds of a `Retry-After`. */
export const retryAfter = (millis: number): Readonly<Record<string, string>> => ({
  "Retry-After": String(Math.max(1, Math.ceil(millis / 1_000)))
})
