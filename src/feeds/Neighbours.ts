import type { Event } from "../domain/Event.ts"
import type { Gap } from "../domain/Gap.ts"

/** A gap whose trades can be asked for: those between two ids, both exclusive. */
export interface Fetchable {
  readonly gap: Gap
  readonly afterId: string
  readonly beforeId: string
}

/** A gap of trades that are known one by one. */
export const betweenIds = (gap: Gap): Fetchable => ({
  gap,
  afterId: String(Number(gap.firstMissingId) - 1),
  beforeId: String(Number(gap.lastMissingId) + 1)
})

/** Ids are whole numbers as text, too long for a number. */
const isHigher = (id: string, than: string): boolean => id.length === than.length ? id > than : id.length > than.length

/** Whether a trade belongs into the gap. */
export const isBetween = (id: string, { afterId, beforeId }: Fetchable): boolean =>
  isHigher(id, afterId) && isHigher(beforeId, id)

/** Gaps that are remembered, the newest; what is missing in others stays missing. */
const remembered = 100

/** Keeps, for a venue whose ids rise without following each other, the ids of the trades before and after each gap. */
export class Neighbours {
  #highest: string | null
  #next: string | null = null
  #gaps: Array<Fetchable> = []

  /** `lastId` is the highest id that was recorded before. */
  constructor(lastId: string | null) {
    this.#highest = lastId
  }

  get gaps(): ReadonlyArray<Fetchable> {
    return this.#gaps
  }

  /** What is said of gaps from here on stands before this trade. */
  next({ sequenceId }: Event): void {
    this.#next = sequenceId
  }

  /** A statement about a gap. */
  said(gap: Gap): void {
    if (gap.status !== "missing") return
    const known = this.#gaps.findIndex((each) => each.gap.id === gap.id)
    if (known >= 0) {
      this.#gaps[known] = { ...this.#gaps[known]!, gap }
      return
    }
    const [afterId, beforeId] = [this.#highest, this.#next]
    if (afterId === null || beforeId === null || !isHigher(beforeId, afterId)) return
    this.#gaps.push({ gap, afterId, beforeId })
    if (this.#gaps.length > remembered) this.#gaps.shift()
  }

  /** Nothing more can be fetched for the gap. */
  settled(gap: Gap): void {
    this.#gaps = this.#gaps.filter((each) => each.gap.id !== gap.id)
  }

  recorded(events: ReadonlyArray<Event>): void {
    const last = events.at(-1)?.sequenceId
    if (last !== undefined && (this.#highest === null || isHigher(last, this.#highest))) this.#highest = last
  }
}
