import type { Gap } from "../domain/Gap.ts"

/** Trades that found no room one after another, and the gap that says so once it has been said. */
interface Run {
  gap: Gap | null
}

/** Trades that are remembered. */
const remembered = 4096

/** Trades that had been received and found no room, known by their ids: another connection may bring them again. */
export class UnwrittenTrades {
  readonly #runs = new Map<string, Run>()
  #run: Run = { gap: null }

  add(id: string): void {
    this.#runs.set(id, this.#run)
    if (this.#runs.size <= remembered) return
    for (const oldest of this.#runs.keys()) {
      this.#runs.delete(oldest)
      return
    }
  }

  has(id: string): boolean {
    return this.#runs.size > 0 && this.#runs.has(id)
  }

  /** The run has ended, and `gap` speaks of it. */
  told(gap: Gap): void {
    this.#run.gap = gap
    this.#run = { gap: null }
  }

  /** The trade is written after all; `revise` answers what is said of its gap from now on. */
  take(id: string, revise: (gap: Gap) => Gap): void {
    const run = this.#runs.get(id)
    if (run === undefined) return
    this.#runs.delete(id)
    if (run.gap !== null) run.gap = revise(run.gap)
  }
}
