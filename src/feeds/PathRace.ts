import type { PathStats } from "../telemetry/PathStats.ts"

/** Events that are remembered, to tell which paths bring them. */
const remembered = 4096

/** From then on a path is not expected to bring an event any more, microseconds. */
const waitMicros = 60_000_000

interface Brought {
  readonly id: string
  readonly firstMicros: number
  /** A bit for each path. */
  by: number
}

/** Tells for each of several paths of a feed which events it brought first, later than another one, or not at all. */
export class PathRace {
  readonly #paths: ReadonlyArray<PathStats>
  readonly #events = new Map<string, Brought>()
  /** The same events in the order in which they came, from `#oldest` on and around. */
  readonly #order: Array<Brought | undefined> = Array.from({ length: remembered })
  #oldest = 0
  readonly #all: number

  constructor(paths: ReadonlyArray<PathStats>) {
    this.#paths = paths
    this.#all = (1 << paths.length) - 1
  }

  /** Events are recorded as `path` brought them. */
  won(path: number, events: number): void {
    const won = this.#paths[path]
    // A path that is on its way out has no count.
    if (won !== undefined) won.won += events
  }

  /** `path` has brought an event, which is not `fresh` where it is known not to be a new one. */
  brought(path: number, id: string, micros: number, fresh: boolean): void {
    const bit = 1 << path
    const event = this.#events.get(id)
    if (event === undefined) {
      if (!fresh) return
      this.#settle(micros)
      const first = { id, firstMicros: micros, by: bit }
      this.#order[(this.#oldest + this.#events.size) % remembered] = first
      this.#events.set(id, first)
      return
    }
    if ((event.by & bit) !== 0) return
    event.by |= bit
    this.#paths[path]?.lag.observe(Math.max(0, micros - event.firstMicros) / 1_000_000)
  }

  /** Counts the oldest events for the paths that did not bring them, so that there is room for one more. */
  #settle(nowMicros: number): void {
    for (
      let event = this.#order[this.#oldest];
      event !== undefined && (this.#events.size === remembered || nowMicros - event.firstMicros >= waitMicros);
      event = this.#order[this.#oldest]
    ) {
      this.#order[this.#oldest] = undefined
      this.#oldest = (this.#oldest + 1) % remembered
      this.#events.delete(event.id)
      if ((event.by & this.#all) === this.#all) continue
      for (let path = 0; path < this.#paths.length; path++) {
        if ((event.by & (1 << path)) === 0) this.#paths[path]!.lost++
      }
    }
  }
}
