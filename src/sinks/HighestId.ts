/** One of the ids in a text column. */
export interface IdAt {
  readonly row: number
  readonly id: string
}

/** The highest id of a file, and the row group that it is in, counted from 0. */
export interface IdInFile extends IdAt {
  readonly group: number
}

/** The highest id of the row groups of a file, as far as all ids are whole numbers. */
export class HighestId {
  #groups = 0
  #best: IdInFile | null = null
  #whole = true

  /** Null where there is none, or one of the ids is no whole number. */
  get best(): IdInFile | null {
    return this.#whole ? this.#best : null
  }

  /** Adds the next row group, whose highest id is `found`; null where one of its ids is no whole number. */
  add(found: IdAt | null): void {
    const group = this.#groups++
    if (found === null) this.#whole = false
    else if (this.#best === null || isHigher(found.id, this.#best.id)) this.#best = { ...found, group }
  }
}

const isHigher = (id: string, other: string): boolean =>
  id.length > other.length || (id.length === other.length && id > other)

const zero = 0x30

/** The highest of the ids in a text column; null where one of them is no whole number. */
export const highestOf = (ids: Buffer): IdAt | null => {
  let best = { row: -1, at: 0, length: 0 }
  let row = 0
  for (let at = 0; at < ids.length; row++) {
    const length = ids.readUInt32LE(at)
    const from = at + 4
    if (length === 0 || (length > 1 && ids[from] === zero)) return null
    let order = length - best.length
    for (let i = 0; i < length; i++) {
      const digit = ids[from + i] ?? 0
      if (digit < zero || digit > zero + 9) return null
      if (order === 0) order = digit - (ids[best.at + 4 + i] ?? 0)
    }
    if (order > 0) best = { row, at, length }
    at = from + length
  }
  return best.row === -1 ? null : { row: best.row, id: ids.toString("latin1", best.at + 4, best.at + 4 + best.length) }
}
