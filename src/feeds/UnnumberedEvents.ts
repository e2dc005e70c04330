import { RecentIds } from "../completeness/RecentIds.ts"
import type { Event } from "../domain/Event.ts"
import type { DataType } from "../domain/Feed.ts"
import type { Gap } from "../domain/Gap.ts"
import type { Tail } from "./FeedMemory.ts"
import { UnwrittenTrades } from "./UnwrittenTrades.ts"

/** Events that are remembered: of trades some seconds of a busy market. */
const remembered = { trade: 4096, orderbook: 1024 } as const

/** Knows the newest events of a feed by their ids, where these do not follow each other. */
export class UnnumberedEvents {
  readonly #recent: RecentIds
  readonly #unwritten: UnwrittenTrades | null

  constructor(dataType: DataType, tail: Tail | null) {
    this.#recent = new RecentIds(remembered[dataType])
    this.#unwritten = dataType === "trade" ? new UnwrittenTrades() : null
    if (tail === null) return
    this.#recent.add(tail.lastId)
    for (const id of tail.recentIds) this.#recent.add(id)
  }

  /** Whether an event is to be written: it is new, or found no room before and finds some now; `revise` says of its gap that it came again. */
  isWanted(id: string, hasRoom: () => boolean, revise: (gap: Gap) => Gap): boolean {
    const fresh = this.#recent.add(id)
    if (this.#unwritten?.has(id) !== true) return fresh
    if (!hasRoom()) return false
    this.#unwritten.take(id, revise)
    return true
  }

  /** Events found no room. */
  dropped(events: ReadonlyArray<Event>): void {
    if (this.#unwritten === null) return
    for (const { sequenceId } of events) this.#unwritten.add(sequenceId)
  }

  /** `gap` speaks of those that found no room since the last one. */
  told(gap: Gap): void {
    this.#unwritten?.told(gap)
  }
}
