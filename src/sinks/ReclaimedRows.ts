import type { Run, StreamState } from "./JournalStream.ts"

/** Rows that were in a row group whose file is gone, and are not on disk again yet: nothing may go from the journal meanwhile. */
export class ReclaimedRows {
  /** By stream, the last of them. */
  readonly #last = new Map<StreamState, number>()

  get some(): boolean {
    return this.#last.size > 0
  }

  /** Takes note of `runs`, the rows of which may be older than others that were taken back before. */
  add(stream: StreamState, runs: ReadonlyArray<Run>): void {
    for (const { events, first } of runs) {
      this.#last.set(stream, Math.max(this.#last.get(stream) ?? 0, first + events.length - 1))
    }
  }

  /** Every row of `stream` up to `through` is on disk, or was given up. */
  flushed(stream: StreamState, through: number): void {
    if (through >= (this.#last.get(stream) ?? Infinity)) this.#last.delete(stream)
  }
}
