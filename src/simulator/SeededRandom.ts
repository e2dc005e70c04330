/**
 * A small generator of repeatable numbers (sfc32). The simulator has its own, because it draws several numbers per
 * message, synchronously, and because every market and connection needs a stream that nothing else disturbs.
 */
export class SeededRandom {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: string) {
    const word = hashWords(seed)
    this.#a = word()
    this.#b = word()
    this.#c = word()
    for (let i = 0; i < 12; i++) this.#word()
  }

  /** A number of [0, 1). */
  next(): number {
    return this.#word() / 4_294_967_296
  }

  /** An integer of [minimum, maximum]. */
  integer(minimum: number, maximum: number): number {
    return minimum + Math.floor(this.next() * (maximum - minimum + 1))
  }

  /** True with the given probability. Draws even when the answer is certain, so that rates do not shift the stream. */
  chance(probability: number): boolean {
    return this.next() < probability
  }

  #word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0
    return sum >>> 0
  }
}

/** An unsigned 32-bit number that depends on the whole text. */
export const hash = (text: string): number => hashWords(text)()

const hashWords = (text: string): () => number => {
  let state = 1_779_033_703 ^ text.length
  for (let i = 0; i < text.length; i++) {
    state = Math.imul(state ^ text.charCodeAt(i), 3_432_918_353)
    state = (state << 13) | (state >>> 19)
  }
  return () => {
    state = Math.imul(state ^ (state >>> 16), 2_246_822_507)
    state = Math.imul(state ^ (state >>> 13), 3_266_489_909)
    state ^= state >>> 16
    return state >>> 0
  }
}
