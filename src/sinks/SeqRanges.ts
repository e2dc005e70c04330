/** A run of row sequences of one stream, both ends included. */
export interface SeqRange {
  readonly first: number
  readonly last: number
}

/** How many rows are in `ranges`. */
export const countRows = (ranges: ReadonlyArray<SeqRange>): number =>
  ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)

/** A set of row sequences, kept as ranges that neither touch nor overlap, in rising order. */
export class SeqRanges {
  readonly #ranges: Array<{ first: number; last: number }> = []

  get ranges(): ReadonlyArray<SeqRange> {
    return this.#ranges
  }

  add({ first, last }: SeqRange): void {
    const ranges = this.#ranges
    const tail = ranges.at(-1)
    if (tail !== undefined && first === tail.last + 1) {
      tail.last = last
      return
    }
    const from = this.#firstEndingAtOrAfter(first - 1)
    let to = from
    let [low, high] = [first, last]
    for (let next = ranges[to]; next !== undefined && next.first <= last + 1; next = ranges[to]) {
      low = Math.min(low, next.first)
      high = Math.max(high, next.last)
      to++
    }
    ranges.splice(from, to - from, { first: low, last: high })
  }

  /** The parts of `range` that are not in the set, in rising order. */
  missing({ first, last }: SeqRange): ReadonlyArray<SeqRange> {
    const parts: Array<SeqRange> = []
    let at = first
    for (let index = this.#firstEndingAtOrAfter(first); at <= last; index++) {
      const next = this.#ranges[index]
      if (next === undefined || next.first > last) {
        parts.push({ first: at, last })
        break
      }
      if (next.first > at) parts.push({ first: at, last: next.first - 1 })
      at = next.last + 1
    }
    return parts
  }

  #firstEndingAtOrAfter(seq: number): number {
    let [low, high] = [0, this.#ranges.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ranges[middle]?.last ?? Infinity) < seq) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The ranges of `stream`, made at the first call. */
export const rangesOf = (byStream: Map<number, SeqRanges>, stream: number): SeqRanges => {
  const known = byStream.get(stream)
  if (known !== undefined) return known
  const ranges = new SeqRanges()
  byStream.set(stream, ranges)
  return ranges
}
