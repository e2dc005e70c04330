import { isHigherId } from "./isHigherId.ts"

/** Fetched trades that are known one by one: of more, those that were fetched first are known by their range alone. */
const rememberedIds = 8192

/** Ranges that are remembered, the newest. */
const rememberedRanges = 100

interface Range {
  /** Part of it. */
  fromId: string
  /** No part of it. */
  readonly beforeId: string
  /** Null where there were too many: then every id of the range counts as one of them, for the venue listed all that it has there. */
  ids: Set<string> | null
}

/** What was fetched, so that a connection which brings it later adds no second row; apart from what connections bring. */
export class FetchedRanges {
  #ranges: Array<Range> = []
  #count = 0

  /** Trades were fetched, which are all that the venue lists from `fromId` to `beforeId`, the latter exclusive. */
  add(ids: Iterable<string>, fromId: string, beforeId: string): void {
    let range = this.#ranges.find((each) => each.fromId === beforeId)
    if (range === undefined) {
      range = { fromId, beforeId, ids: new Set() }
      this.#ranges.push(range)
      if (this.#ranges.length > rememberedRanges) this.#forgetIds(this.#ranges.shift())
    }
    range.fromId = fromId
    if (range.ids === null) return
    const before = range.ids.size
    for (const id of ids) range.ids.add(id)
    this.#count += range.ids.size - before
    for (const oldest of this.#ranges) {
      if (this.#count <= rememberedIds) return
      this.#forgetIds(oldest)
    }
  }

  has(id: string): boolean {
    return this.#ranges.some(({ beforeId, fromId, ids }) =>
      ids === null ? !isHigherId(fromId, id) && isHigherId(beforeId, id) : ids.has(id)
    )
  }

  #forgetIds(range: Range | undefined): void {
    if (range === undefined) return
    this.#count -= range.ids?.size ?? 0
    range.ids = null
  }
}
