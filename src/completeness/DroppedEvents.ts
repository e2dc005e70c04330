import type { Event } from "../domain/Event.ts"
import type { Missing } from "./Verdict.ts"

/** Events that were dropped one after another. */
export interface Run {
  readonly openedMicros: number
  readonly missing: number
  readonly ids: Missing | null
}

/** Gathers events that find no room, so that a flood of them becomes one gap: of ids that follow each other, where the venue counts. */
export class DroppedEvents {
  readonly #counted: boolean
  #run: Run | null = null

  constructor(counted: boolean) {
    this.#counted = counted
  }

  get running(): boolean {
    return this.#run !== null
  }

  /** Whether `event` belongs to those before it. */
  continues(event: Event): boolean {
    const ids = this.#idsOf(event)
    const before = this.#run?.ids ?? null
    return ids === null || before === null || ids.first === before.last + 1
  }

  /** `writtenMicros` is when the last event that was written had been received. */
  add(event: Event, writtenMicros: number): void {
    const ids = this.#idsOf(event)
    const run = this.#run ?? { openedMicros: writtenMicros, missing: 0, ids: null }
    this.#run = {
      openedMicros: run.openedMicros,
      missing: run.missing + (ids === null ? 1 : ids.last - ids.first + 1),
      ids: ids === null ? run.ids : { first: run.ids?.first ?? ids.first, last: ids.last }
    }
  }

  /** Ends the run, if there is one, and answers it. */
  end(): Run | null {
    const run = this.#run
    this.#run = null
    return run
  }

  #idsOf({ position }: Event): Missing | null {
    return this.#counted ? position : null
  }
}
