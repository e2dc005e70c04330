/** The ids that a feed received last, oldest forgotten first: for venues whose ids do not follow each other. */
export class RecentIds {
  readonly #limit: number
  /** Two generations, of which the older one is forgotten as a whole: to take out one id after another would cost more than all else. */
  #young = new Set<string>()
  #old = new Set<string>()

  /** Remembers `limit` ids at least, and twice as many at most. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Remembers `id`; false when it was remembered already. */
  add(id: string): boolean {
    if (this.#old.has(id)) return false
    const before = this.#young.size
    this.#young.add(id)
    if (this.#young.size === before) return false
    if (before + 1 < this.#limit) return true
    this.#old = this.#young
    this.#young = new Set()
    return true
  }
}
