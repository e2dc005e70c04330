import type { Continuity } from "../completeness/Continuity.ts"
import type { GapLedger } from "../completeness/GapLedger.ts"
import type { RecentIds } from "../completeness/RecentIds.ts"
import { duplicate, type Missing, type Verdict } from "../completeness/Verdict.ts"
import type { Event } from "../domain/Event.ts"
import type { SequenceStats } from "../telemetry/SequenceStats.ts"
import type { Carriers } from "./Carriers.ts"
import type { Hole } from "./BookBroken.ts"
import { countVerdict } from "./countVerdict.ts"
import type { FeedMemory } from "./FeedMemory.ts"
import type { Neighbours } from "./Neighbours.ts"
import type { Passage } from "./Passage.ts"
import type { PathRace } from "./PathRace.ts"
import type { UnwrittenTrades } from "./UnwrittenTrades.ts"

export interface Options {
  readonly continuity: Continuity
  /** Null where the venue's numbers tell what came before. */
  readonly recent: RecentIds | null
  readonly unwritten: UnwrittenTrades | null
  readonly neighbours: Neighbours | null
  readonly ledger: GapLedger
  readonly carriers: Carriers
  /** Null where there is one path. */
  readonly race: () => PathRace | null
  readonly passage: Passage
  readonly stats: SequenceStats
}

/** Judges events of which every connection brings the same: trades, and complete books. What is new is passed on, whoever brings it. */
export class EventJudge {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  /** A frame is about to be taken whose first event is this one: what is said of gaps from here on stands before it. */
  next(event: Event): void {
    this.#options.neighbours?.next(event)
  }

  /** Takes the events of a frame, of which there is at least one; answers the hole that was found before or among them. */
  receive(events: ReadonlyArray<Event>, connection: number, path: number): Hole | null {
    const { ledger, neighbours, passage, stats } = this.#options
    const race = this.#options.race()
    let hole: Hole | null = null
    let from = 0
    let kept: Array<Event> | null = null
    passage.prepare(events[0]!.timestampCollector)
    for (let index = 0; index < events.length; index++) {
      const event = events[index]!
      const verdict = this.#judge(event, connection)
      if (index > from && verdict._tag !== "InOrder" && verdict._tag !== "Unverifiable") {
        // What is said of a gap stands between the events before and after it: after a crash it speaks for all before it.
        passage.pass(kept ?? events.slice(from, index))
        from = index
        kept = null
      }
      neighbours?.next(event)
      ledger.received(event, verdict, connection)
      if (verdict._tag === "Gap") hole = { missing: verdict.missing, why: "sequence_gap" }
      const fresh = countVerdict(stats, verdict)
      if (fresh) kept?.push(event)
      else kept ??= events.slice(from, index)
      if (race === null) continue
      race.brought(path, event.sequenceId, event.timestampCollector, fresh)
      if (fresh) race.won(path, 1)
    }
    passage.pass(kept ?? (from === 0 ? events : events.slice(from)))
    neighbours?.passed()
    return hole
  }

  /** The newest rows are known by their ids, and `missing` from earlier runs: what comes again of them is no new row, and no gap that says so lacks them. */
  recall({ tail }: FeedMemory, missing: ReadonlyArray<Missing>): void {
    const { continuity, ledger, recent, stats } = this.#options
    for (const ids of recent === null ? missing : []) stats.missing += ids.last - ids.first + 1
    if (tail !== null) recent?.add(tail.lastId)
    for (const id of tail?.recentIds ?? []) {
      recent?.add(id)
      const ids = { first: Number(id), last: Number(id) }
      const filled = recent === null ? continuity.fetched(ids, null) : 0
      stats.missing -= filled
      if (filled > 0) ledger.repaired(ids)
    }
  }

  #judge(event: Event, connection: number): Verdict {
    const { carriers, continuity, ledger, neighbours, passage, recent, unwritten } = this.#options
    const verdict = continuity.judge(event)
    if (verdict._tag !== "Unverifiable" || recent === null) return verdict
    const { sequenceId } = event
    const fresh = recent.add(sequenceId)
    if (unwritten?.has(sequenceId) === true) {
      if (!passage.hasRoom()) return duplicate
      unwritten.take(sequenceId, (gap) => ledger.foundAgain(gap))
      return verdict
    }
    if (fresh && neighbours?.wasFetched(sequenceId) !== true) return verdict
    // A venue may legally repeat a book on one connection; two connections that deliver bring the same ones.
    const twice = event.dataType === "trade" || carriers.size > 1 || !carriers.has(connection)
    return twice ? duplicate : verdict
  }
}
