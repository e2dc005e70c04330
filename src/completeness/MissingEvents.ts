import type { Gap, GapStatus } from "../domain/Gap.ts"
import type { Missing } from "./Verdict.ts"

/** Gaps of a feed that may still be filled; of more, the oldest stay as they are. */
const remembered = 1000

/**
 * Hears a statement about a gap. `behind` where it speaks of events that are about to be written, and must not be on disk before
 * they are; any other must be there before the events that follow the gap.
 */
export type Say = (gap: Gap, behind: boolean) => void

/** Rows that were lost, and when they had been received, microseconds since the epoch. */
export interface Lost {
  readonly rows: number
  readonly firstReceivedMicros: number
  readonly lastReceivedMicros: number
}

interface Hole extends Missing {
  readonly gap: Gap
}

/**
 * The gaps of a feed whose events are missing. Each has ids that follow each other: one of whose middle something comes late becomes
 * two, so that every id between the first and the last of a gap is missing.
 */
export class MissingEvents {
  readonly #say: Say
  #holes: Array<Hole> = []
  /** The newest word on gaps without ids: whoever has one dismissed may have heard of it before some of it was fetched. */
  readonly #latest = new Map<string, Gap>()

  constructor(say: Say, gaps: ReadonlyArray<Gap>) {
    this.#say = say
    for (const gap of gaps) {
      if (gap.firstMissingId === null || gap.lastMissingId === null) continue
      this.#holes.push({ gap, first: Number(gap.firstMissingId), last: Number(gap.lastMissingId) })
    }
  }

  /** Those whose ids are known, oldest first. */
  get gaps(): ReadonlyArray<Gap> {
    return this.#holes.map(({ gap }) => gap)
  }

  /** Says that the events of `gap` are missing, those with `ids` where the venue counts; answers the gap. */
  add(gap: Gap, ids: Missing | null): Gap {
    if (ids === null) {
      this.#sayWithoutIds(gap, false)
      return gap
    }
    this.#say(gap, false)
    this.#holes.push({ gap, first: ids.first, last: ids.last })
    if (this.#holes.length > remembered) this.#holes.shift()
    return gap
  }

  /** A disk that takes nothing loses events one by one, and that is one gap; answers it, or null where `ids` follow on none. */
  addToLost(ids: Missing | null, closedMicros: number, connectionAfter: number | null): Gap | null {
    const before = this.#holes.at(-1)
    if (ids === null || before?.gap.cause !== "disk" || before.last + 1 !== ids.first) return null
    this.#holes.pop()
    const end = Math.max(before.gap.closedMicros ?? before.gap.openedMicros, closedMicros)
    const longer = { ...before.gap, revision: before.gap.revision + 1, closedMicros: end, connectionAfter }
    const gap = this.#narrow(longer, before.first, ids.last)
    this.#say(gap, false)
    this.#holes.push({ gap, first: before.first, last: ids.last })
    return gap
  }

  /** More rows are lost right after those of `gap`, which has no ids; answers how it stands now. */
  widen(gap: Gap, { lastReceivedMicros, rows }: Lost, connectionAfter: number | null): Gap {
    const closedMicros = Math.max(gap.closedMicros ?? gap.openedMicros, lastReceivedMicros)
    const missing = gap.missing === null ? null : gap.missing + rows
    const wider = { ...gap, revision: gap.revision + 1, closedMicros, missing, connectionAfter }
    this.#say(wider, false)
    return wider
  }

  /** Events with the ids `first` to `last` have come; answers how many of them were missing. A gap without a rest becomes `settled`. */
  take({ first, last }: Missing, settled: GapStatus): number {
    let filled = 0
    const holes: Array<Hole> = []
    for (const hole of this.#holes) {
      if (hole.last < first || hole.first > last) {
        holes.push(hole)
        continue
      }
      const count = Math.min(hole.last, last) - Math.max(hole.first, first) + 1
      filled += count
      const left = hole.first < first ? { first: hole.first, last: first - 1 } : null
      const right = hole.last > last ? { first: last + 1, last: hole.last } : null
      const changed = { ...hole.gap, revision: hole.gap.revision + 1, recovered: hole.gap.recovered + count }
      const rest = left ?? right
      if (rest === null) this.#say({ ...changed, status: settled, missing: 0 }, true)
      else {
        holes.push(this.#narrowed(changed, rest))
        if (left !== null && right !== null) {
          const id = `${hole.gap.id}.${right.first}`
          holes.push(this.#narrowed({ ...hole.gap, id, revision: 1, recovered: 0 }, right))
        }
      }
    }
    if (filled > 0) this.#holes = holes
    return filled
  }

  /** The venue counts anew: what is missing stays missing, but its ids mean other events from now on. */
  forgetIds(): void {
    for (const { gap } of this.#holes) {
      this.#say({ ...gap, revision: gap.revision + 1, firstMissingId: null, lastMissingId: null }, false)
    }
    this.#holes = []
  }

  /** Nothing is missing in a gap without ids after all. */
  dismiss(gap: Gap): void {
    const now = this.#nowOf(gap)
    if (now.status !== "missing") return
    this.#sayWithoutIds({ ...now, revision: now.revision + 1, status: "dismissed", missing: 0 }, false)
  }

  /** One of the events of a gap without ids has come again after all; answers how it stands now. */
  foundAgain(gap: Gap): Gap {
    const now = this.#nowOf(gap)
    const missing = Math.max(0, (now.missing ?? 1) - 1)
    const status = missing > 0 ? "missing" : now.status === "missing" ? "dismissed" : now.status
    const found: Gap = { ...now, revision: now.revision + 1, recovered: now.recovered + 1, missing, status }
    this.#sayWithoutIds(found, true)
    return found
  }

  /** `recovered` events of a gap without ids have been fetched: all that it lacks, or only some. */
  settle(gap: Gap, recovered: number, complete: boolean): void {
    const now = this.#nowOf(gap)
    this.#sayWithoutIds({
      ...now,
      revision: now.revision + 1,
      recovered: now.recovered + recovered,
      status: complete ? "repaired" : "missing",
      missing: complete ? 0 : now.missing === null ? null : Math.max(0, now.missing - recovered)
    }, true)
  }

  #nowOf(gap: Gap): Gap {
    return this.#latest.get(gap.id) ?? gap
  }

  #sayWithoutIds(gap: Gap, behind: boolean): void {
    this.#latest.set(gap.id, gap)
    if (this.#latest.size > remembered) {
      for (const oldest of this.#latest.keys()) {
        this.#latest.delete(oldest)
        break
      }
    }
    this.#say(gap, behind)
  }

  #narrow(gap: Gap, first: number, last: number): Gap {
    return { ...gap, firstMissingId: String(first), lastMissingId: String(last), missing: last - first + 1 }
  }

  #narrowed(gap: Gap, { first, last }: Missing): Hole {
    const narrowed = this.#narrow(gap, first, last)
    this.#say(narrowed, true)
    return { gap: narrowed, first, last }
  }
}
