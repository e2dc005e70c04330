// @ts-check

/** The recorder's clock, as its ticks tell it: the browser's own may be hours off. */
export class RecorderClock {
  #toldMillis = 0
  #toldAt = 0
  #stopped = true

  /** @param {number} nowMillis milliseconds since the epoch */
  tell(nowMillis) {
    this.#toldMillis = nowMillis
    this.#toldAt = performance.now()
    this.#stopped = false
  }

  /** Ages stand still while nothing is heard. */
  stop() {
    this.#toldMillis = this.now()
    this.#stopped = true
  }

  /** Milliseconds since the epoch; 0 before the first tick. */
  now() {
    return this.#stopped ? this.#toldMillis : this.#toldMillis + performance.now() - this.#toldAt
  }
}
