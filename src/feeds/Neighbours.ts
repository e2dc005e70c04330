import type { Event, TradeEvent } from "../domain/Event.ts"
import type { Gap } from "../domain/Gap.ts"
import type { FeedMemory } from "./FeedMemory.ts"
import { FetchedRanges } from "./FetchedRanges.ts"
import { isHigherId } from "./isHigherId.ts"

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

interface Around {
  gap: Gap
  readonly afterId: string
  /** Falls with each page that is fetched; null until a trade has come that is newer than all before it. */
  beforeId: string | null
  /** Trades between the two that were written, before the gap was told or since. */
  readonly written: Set<string>
}

const isWithin = (id: string, { afterId, beforeId }: Around): boolean =>
  isHigherId(id, afterId) && (beforeId === null || isHigherId(beforeId, id))

/** Gaps that are remembered, the newest; what is missing in others stays missing. */
const rememberedGaps = 100

/** Trades that may be written within a gap before they are fetched. Where there are more, nothing of it is fetched any more. */
const rememberedWritten = 4096

/** Trades that one may come behind though it is older than they are: it may have been on its way when its connection ended. */
const overtaken = 8

/** What is written is not known where some of the newest rows, which were fetched, are newer than what connections brought. */
const isHighest = ({ lastId, recentIds }: NonNullable<FeedMemory["tail"]>): boolean =>
  !recentIds.some((id) => isHigherId(id, lastId))

/**
 * Keeps, for a venue whose ids rise without following each other, the ids of the trades before and after each gap, and lets none be
 * fetched that is written already. The venue lists its trades from the newest to the oldest: a gap is filled from its end on.
 */
export class Neighbours {
  readonly #onFetchable: () => void
  readonly #fetched = new FetchedRanges()
  /** Of the trades that were written. */
  #highest: string | null
  /** Those that were written last, in that order, and the highest of all before them. */
  readonly #last: Array<string> = []
  #settled: string | null = null
  /** Of the trades before `#next`, whether there was room for them or not. */
  #received: string | null
  #next: string | null = null
  /** Whether a trade that found no room is older than some that are written: which of those lie behind it is not known. */
  #droppedLate = false
  #gaps: Array<Around> = []

  /** `tail` is what was recorded before; `onFetchable` hears that there is something to fetch which was not when its gap was told. */
  constructor(tail: FeedMemory["tail"], onFetchable: () => void) {
    this.#onFetchable = onFetchable
    this.#highest = tail !== null && isHighest(tail) ? tail.lastId : null
    this.#received = tail?.lastId ?? null
    for (const id of tail?.recentIds ?? []) this.#note(id)
  }

  get gaps(): ReadonlyArray<Fetchable> {
    return this.#gaps.flatMap(({ afterId, beforeId, gap }) => beforeId === null ? [] : [{ gap, afterId, beforeId }])
  }

  /** What is said of gaps from here on stands before this trade. */
  next({ sequenceId }: Event): void {
    if (sequenceId === this.#next) return
    this.passed()
    this.#next = sequenceId
    const end = this.#end()
    if (end === null || this.#gaps.length === 0) return
    let some = false
    for (const around of this.#gaps) {
      if (around.beforeId !== null) continue
      around.beforeId = end
      some = true
    }
    if (some) this.#onFetchable()
  }

  /** What is said of gaps from here on stands behind all trades that were received. */
  passed(): void {
    this.#received = this.#end() ?? this.#received
    this.#next = null
  }

  /** A statement about a gap; `first` where it was not known to be missing before. */
  said(gap: Gap, first: boolean): void {
    if (gap.status !== "missing") return this.settled(gap)
    const known = this.#gaps.find((each) => each.gap.id === gap.id)
    if (known !== undefined) {
      known.gap = gap
      return
    }
    if (!first) return
    const isLate = gap.cause === "queue_overflow" && this.#droppedLate
    if (gap.cause === "queue_overflow") this.#droppedLate = false
    if (isLate || this.#highest === null) return
    const [lowest = this.#highest] = this.#last.toSorted((a, b) => isHigherId(a, b) ? 1 : -1)
    const afterId = this.#settled ?? lowest
    const written = new Set(this.#last.filter((id) => isHigherId(id, afterId)))
    this.#gaps.push({ gap, afterId, beforeId: this.#end(), written })
    if (this.#gaps.length > rememberedGaps) this.#gaps.shift()
  }

  /** Of trades that were fetched for a gap, page after page, those that are written nowhere yet; each is answered once. */
  take(trades: ReadonlyArray<TradeEvent>, { id }: Gap): ReadonlyArray<TradeEvent> {
    const known = this.#gaps.find(({ gap }) => gap.id === id)
    const end = known?.beforeId ?? null
    if (known === undefined || end === null) return []
    const fresh = new Map<string, TradeEvent>()
    let lowest = end
    for (const trade of trades) {
      const { sequenceId } = trade
      if (!isWithin(sequenceId, known)) continue
      if (isHigherId(lowest, sequenceId)) lowest = sequenceId
      if (!known.written.has(sequenceId)) fresh.set(sequenceId, trade)
    }
    if (lowest === end) return []
    this.#fetched.add(fresh.keys(), lowest, end)
    // What is there for one gap is there for all that end with the same trade.
    for (const around of this.#gaps) if (around.beforeId === end) around.beforeId = lowest
    return [...fresh.values()]
  }

  /** Whether a trade that a connection brings was fetched before. */
  wasFetched(id: string): boolean {
    return this.#received !== null && !isHigherId(id, this.#received) && this.#fetched.has(id)
  }

  /** Nothing more can be fetched for the gap. */
  settled(gap: Gap): void {
    this.#gaps = this.#gaps.filter((each) => each.gap.id !== gap.id)
  }

  recorded(events: ReadonlyArray<Event>): void {
    for (const { sequenceId } of events) {
      for (const around of this.#gaps) if (isWithin(sequenceId, around)) around.written.add(sequenceId)
      if (this.#highest === null || isHigherId(sequenceId, this.#highest)) this.#highest = sequenceId
      this.#note(sequenceId)
    }
    if (this.#gaps.some(({ written }) => written.size > rememberedWritten)) {
      this.#gaps = this.#gaps.filter(({ written }) => written.size <= rememberedWritten)
    }
  }

  /** There was no room for these. */
  dropped(events: ReadonlyArray<Event>): void {
    const highest = this.#highest
    this.#droppedLate ||= highest !== null && events.some(({ sequenceId }) => !isHigherId(sequenceId, highest))
  }

  #note(id: string): void {
    this.#last.push(id)
    if (this.#last.length <= overtaken) return
    const before = this.#last.shift() ?? id
    if (this.#settled === null || isHigherId(before, this.#settled)) this.#settled = before
  }

  /** The next trade, where it is newer than all before it: what an older one leaves out lies behind it as well. */
  #end(): string | null {
    const next = this.#next
    return next !== null && (this.#received === null || isHigherId(next, this.#received)) ? next : null
  }
}
