import * as Continuity from "../completeness/Continuity.ts"
import { GapLedger } from "../completeness/GapLedger.ts"
import { RecentIds } from "../completeness/RecentIds.ts"
import { duplicate, type Missing, type Verdict } from "../completeness/Verdict.ts"
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Event, GapEvent, TradeEvent } from "../domain/Event.ts"
import type { Feed } from "../domain/Feed.ts"
import type { Gap, GapCause } from "../domain/Gap.ts"
import type { LostRows } from "../sinks/Sink.ts"
import type { FeedStats } from "../telemetry/Telemetry.ts"
import { BookLead } from "./BookLead.ts"
import type { ConnectionIntake, Hole } from "./ConnectionIntake.ts"
import { countVerdict } from "./countVerdict.ts"
import type { EventQueue } from "./EventQueue.ts"
import { type FeedMemory, standing } from "./FeedMemory.ts"
import { gapRow } from "./gapRow.ts"
import { betweenIds, type Fetchable, isBetween, Neighbours } from "./Neighbours.ts"

/** Ids of trades that are remembered where a venue's ids do not follow each other: some seconds of a busy market. */
const rememberedTrades = 4096

/** Books that are remembered, to know one that a second connection brings. */
const rememberedBooks = 64

export interface Options {
  readonly feed: Feed
  readonly rule: ContinuityRule
  readonly stats: FeedStats
  readonly queue: EventQueue
  /** What is known from before this process; `gaps` those of this feed. */
  readonly before: FeedMemory
  /** The present, microseconds since the epoch. */
  readonly nowMicros: () => number
  /** Hears what is passed on to be written. */
  readonly onRecorded: (events: ReadonlyArray<Event>) => void
  /** Called when there is something that could be fetched. */
  readonly onMissing: () => void
}

/** Where all connections of a feed meet: judges what they bring, passes each event on once, and keeps the feed's gaps. */
export class FeedIntake {
  readonly #options: Options
  readonly #continuity: Continuity.Continuity
  readonly #recent: RecentIds | null
  readonly #ledger: GapLedger
  readonly #lead: BookLead | null
  /** Connections that deliver, or would if there were anything. */
  readonly #carrying = new Set<number>()
  #before: Array<GapEvent> = []
  #behind: Array<GapEvent> = []
  /** Which trades stand around the gaps of venues that do not count. */
  readonly #neighbours: Neighbours | null

  constructor(options: Options) {
    const { before, feed, nowMicros, rule, stats } = options
    this.#options = options
    const incremental = feed.dataType === "orderbook" && rule !== "none"
    const counted = rule === "consecutive"
    this.#continuity = Continuity.make(rule, counted ? standing(before) : null)
    this.#neighbours = feed.dataType === "trade" && rule === "none" ? new Neighbours(before.tail?.lastId ?? null) : null
    this.#recent = rule === "none"
      ? new RecentIds(feed.dataType === "trade" ? rememberedTrades : rememberedBooks)
      : null
    this.#ledger = new GapLedger({
      dataType: feed.dataType,
      counted,
      incremental,
      startedMicros: nowMicros(),
      before: { lastReceivedMicros: before.tail?.lastReceivedMicros ?? null, gaps: before.gaps },
      say: (gap, behind) => {
        const said = behind ? this.#behind : this.#before
        said.push(gapRow(feed, gap, nowMicros()))
        this.#neighbours?.said(gap)
        if (gap.status === "missing") options.onMissing()
      },
      lose: (ids) => {
        this.#continuity.lose(ids)
        stats.sequence.missing += countOf(ids)
      }
    })
    this.#lead = incremental
      ? new BookLead({
        rule,
        stats: stats.sequence,
        interrupted: (cause, connection) => this.#ledger.interrupted(cause, connection),
        received: (event, verdict, connection) => this.#ledger.received(event, verdict, connection),
        pass: (events) => this.#pass(events)
      })
      : null
    for (const ids of counted ? standing(before)?.missing ?? [] : []) stats.sequence.missing += countOf(ids)
    this.#recall(before, counted)
    // What is known to be open from before is said at once.
    this.#flush()
  }

  /** A connection is open. */
  join(connection: number): ConnectionIntake {
    const contender = this.#lead?.join(connection) ?? null
    const counts = () => this.#carrying.add(connection)
    return {
      counts,
      unreadable: () => this.#ledger.unreadableFrame(),
      receive: (events, connectionSequence, nowMillis) => {
        if (this.#lead !== null && contender !== null) {
          const hole = this.#lead.receive(contender, events, connectionSequence, nowMillis)
          if (this.#lead.carries(contender)) counts()
          if (events.length > 0) this.#ledger.frameEnded()
          return hole
        }
        if (events.length === 0) return null
        const hole = this.#receive(events, connection)
        counts()
        this.#ledger.frameEnded()
        return hole
      },
      takesOver: (nowMillis) =>
        this.#lead !== null && contender !== null
          ? this.#lead.takesOver(contender, nowMillis)
          : this.#carrying.has(connection),
      leave: (cause) => {
        if (this.#lead !== null && contender !== null) this.#lead.leave(contender, cause)
        this.#carrying.delete(connection)
        if (this.#carrying.size === 0 && cause !== null) this.#ledger.interrupted(cause, connection)
        this.#flush()
      }
    }
  }

  /** No connection came about. */
  failed(cause: GapCause): void {
    if (this.#carrying.size === 0) this.#ledger.interrupted(cause, null)
  }

  /** Nobody records the feed from here on. */
  stopped(): void {
    this.#ledger.stopped(this.#options.nowMicros())
    this.#flush()
  }

  /** Gaps that are open, or may still be filled. */
  unsettled = (): ReadonlyArray<Gap> => this.#ledger.unsettled()

  /** Says what has become due by the clock. */
  tick(): void {
    this.#ledger.tick(this.#options.nowMicros())
    this.#flush()
  }

  /** Rows that had been passed on are lost. */
  lost(rows: LostRows): void {
    const { firstId, lastId } = rows
    const counted = this.#options.rule === "consecutive" && firstId !== null && lastId !== null
    this.#ledger.lost(rows, counted ? { first: Number(firstId), last: Number(lastId) } : null)
    this.#flush()
  }

  /** The gaps whose trades can be asked for, oldest first. */
  fetchable(): ReadonlyArray<Fetchable> {
    return this.#neighbours?.gaps ?? this.#ledger.missing().map(betweenIds)
  }

  /**
   * Takes trades that were fetched for a gap; answers how many of them had been missing and are passed on. There must be room for
   * them, which only the caller can wait for.
   */
  repair(trades: ReadonlyArray<TradeEvent>, gap: Fetchable): number {
    const kept = trades.filter((trade) => {
      const { position } = trade
      if (this.#neighbours !== null) {
        return isBetween(trade.sequenceId, gap) && this.#recent?.add(trade.sequenceId) === true
      }
      return position !== null && this.#found(position)
    })
    if (kept.length > 0) this.#pass(kept)
    return kept.length
  }

  /** Whether every trade between the ids around a gap, which the venue counts, is there by now. */
  isWhole({ afterId, beforeId }: Fetchable): boolean {
    const lacks = ({ firstMissingId, lastMissingId }: Gap) =>
      Number(lastMissingId) > Number(afterId) && Number(firstMissingId) < Number(beforeId)
    return this.#neighbours === null && !this.#ledger.missing().some(lacks)
  }

  /**
   * All that can be fetched for a gap has been: everything that was missing, or only some. True where that settles it; where the venue
   * counts its trades, their ids alone do.
   */
  refetched(wanted: Fetchable, recovered: number, complete: boolean): boolean {
    const known = this.#neighbours?.gaps.find(({ gap }) => gap.id === wanted.gap.id)
    if (known === undefined) return false
    this.#ledger.refetched(known.gap, recovered, complete)
    this.#neighbours?.settled(known.gap)
    this.#flush()
    return complete
  }

  #receive(events: ReadonlyArray<Event>, connection: number): Hole | null {
    let hole: Hole | null = null
    let from = 0
    this.#neighbours?.next(events[0]!)
    if (this.#options.queue.hasRoom()) this.#ledger.roomAgain(events[0]!.timestampCollector)
    let kept: Array<Event> | null = null
    for (let index = 0; index < events.length; index++) {
      const event = events[index]!
      const verdict = this.#judge(event, connection)
      if (index > from && verdict._tag !== "InOrder" && verdict._tag !== "Unverifiable") {
        // What is said of a gap stands between the events before and after it: after a crash it speaks for all before it.
        this.#pass(kept ?? events.slice(from, index))
        from = index
        kept = null
      }
      this.#neighbours?.next(event)
      this.#ledger.received(event, verdict, connection)
      if (verdict._tag === "Gap") hole = { missing: verdict.missing }
      if (countVerdict(this.#options.stats.sequence, verdict)) kept?.push(event)
      else kept ??= events.slice(from, index)
    }
    this.#pass(kept ?? (from === 0 ? events : events.slice(from)))
    return hole
  }

  #judge(event: Event, connection: number): Verdict {
    const verdict = this.#continuity.judge(event)
    if (verdict._tag !== "Unverifiable" || this.#recent === null) return verdict
    const fresh = this.#recent.add(event.sequenceId)
    if (fresh) return verdict
    // A venue may legally repeat a book on one connection; two connections that deliver bring the same ones.
    const twice = event.dataType === "trade" || this.#carrying.size > 1 || !this.#carrying.has(connection)
    return twice ? duplicate : verdict
  }

  /** Passes events on, with what is to be said before and behind them. */
  #pass(events: ReadonlyArray<Event>): void {
    const { onRecorded, queue, stats } = this.#options
    const first = events[0]
    if (first === undefined) return this.#flush()
    stats.events += events.length
    onRecorded(events)
    if (queue.hasRoom()) {
      this.#ledger.roomAgain(first.timestampCollector)
      this.#flushBefore()
      queue.put(events)
      this.#neighbours?.recorded(events)
      stats.eventsQueued += events.length
    } else {
      this.#flushBefore()
      stats.dropped += events.length
      this.#ledger.dropped(events)
      if (this.#recent !== null) { for (const { sequenceId } of events) this.#recent.forget(sequenceId) }
    }
    this.#flush()
  }

  #flushBefore(): void {
    if (this.#before.length > 0) this.#options.queue.put(this.#before.splice(0))
  }

  #flush(): void {
    this.#flushBefore()
    if (this.#behind.length === 0) return
    // A gap that a page of trades fills says once where it stands, not with each of them.
    const latest = new Map(this.#behind.splice(0).map((row) => [row.gap.id, row]))
    this.#options.queue.put([...latest.values()])
  }

  /** The newest rows are known by their ids: what comes again of them is no new row, and no gap that says so lacks them. */
  #recall({ tail }: FeedMemory, counted: boolean): void {
    if (tail !== null) this.#recent?.add(tail.lastId)
    for (const id of tail?.recentIds ?? []) {
      this.#recent?.add(id)
      if (counted) this.#found({ first: Number(id), last: Number(id) })
    }
  }

  /** Events with these ids are there; false where none of them was missing. */
  #found(ids: Missing): boolean {
    const filled = this.#continuity.fetched(ids)
    this.#options.stats.sequence.missing -= filled
    return filled > 0 && this.#ledger.repaired(ids)
  }
}

const countOf = ({ first, last }: Missing): number => last - first + 1
