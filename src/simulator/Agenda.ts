/** What is to be done later on a connection. */
export class Agenda {
  readonly #items: Array<{ readonly at: number; readonly action: () => void }> = []

  add(atMillis: number, action: () => void) {
    this.#items.push({ at: atMillis, action })
  }

  /** Takes out what is due, in the order in which it was added. */
  due(nowMillis: number): ReadonlyArray<() => void> {
    const due: Array<() => void> = []
    for (let i = 0; i < this.#items.length; i++) {
      const item = this.#items[i]
      if (item === undefined || item.at > nowMillis) continue
      this.#items.splice(i--, 1)
      due.push(item.action)
    }
    return due
  }
}
