import * as Continuity from "../completeness/Continuity.ts"
import { GapLedger } from "../completeness/GapLedger.ts"
import { duplicate, type Missing, type Verdict } from "../completeness/Verdict.ts"
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Event, GapEvent, TradeEvent } from "../domain/Event.ts"
import type { Feed } from "../domain/Feed.ts"
import type { Gap, GapCause } from "../domain/Gap.ts"
import type { FeedStats } from "../telemetry/Telemetry.ts"
import { BookIntake } from "./BookIntake.ts"
import { Carriers } from "./Carriers.ts"
import { countVerdict } from "./countVerdict.ts"
import type { EventQueue } from "./EventQueue.ts"
import { type FeedMemory, standing } from "./FeedMemory.ts"
import { gapRow } from "./gapRow.ts"
import { PathRace } from "./PathRace.ts"
import { UnnumberedEvents } from "./UnnumberedEvents.ts"

/** How long a successor waits until it and another connection have brought the same event, so that nothing lies between them. */
const overlapMillis = 2000

/** What one connection of a feed brings. */
export interface ConnectionIntake {
  /** Something in a frame could not be read; to be told before the events of that frame. */
  readonly unreadable: () => void
  /**
   * Takes the events of a frame, and the number that the venue gave the frame on its connection; answers the hole that was found
   * before or among them.
   */
  readonly receive: (events: ReadonlyArray<Event>, connectionSequence: number | null, nowMillis: number) => Hole | null
  /** Whether it delivers, so that the connection whose successor it is may go; by monotonic milliseconds. */
  readonly takesOver: (nowMillis: number) => boolean
  /** From here on nothing is missed because of it: its subscription is old enough to count, though the market may be quiet. */
  readonly counts: () => void
  /** It has ended, for `cause`; null where it was replaced. */
  readonly leave: (cause: GapCause | null) => void
}

/** Events are missing; `missing` where the venue's numbers say which. */
export interface Hole {
  readonly missing: Missing | null
}

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
}

/** Where all connections of a feed meet: judges what they bring, passes each event on once, and keeps the feed's gaps. */
export class FeedIntake {
  readonly #options: Options
  readonly #continuity: Continuity.Continuity
  readonly #unnumbered: UnnumberedEvents | null
  readonly #ledger: GapLedger
  /** Of a feed of changes to a book. */
  readonly #books: BookIntake | null
  readonly #race: PathRace | null
  readonly #carriers: Carriers
  #before: Array<GapEvent> = []
  #behind: Array<GapEvent> = []
  #stopsAt: number | null = null

  constructor(options: Options) {
    const { before, feed, nowMicros, rule, stats } = options
    this.#options = options
    const incremental = feed.dataType === "orderbook" && rule !== "none"
    const counted = rule === "consecutive"
    this.#continuity = Continuity.make(rule, counted ? standing(before) : null)
    this.#unnumbered = rule === "none" ? new UnnumberedEvents(feed.dataType, before.tail) : null
    this.#race = stats.paths.length > 1 ? new PathRace(stats.paths) : null
    this.#ledger = new GapLedger({
      dataType: feed.dataType,
      counted,
      unnumbered: rule === "none",
      startedMicros: nowMicros(),
      before: { lastReceivedMicros: before.tail?.lastReceivedMicros ?? null, gaps: before.gaps },
      say: (gap, behind) => {
        const rows = behind ? this.#behind : this.#before
        rows.push(gapRow(feed, gap, nowMicros()))
        if (gap.cause === "queue_overflow" && gap.revision === 1) this.#unnumbered?.told(gap)
      },
      lose: (ids) => this.#continuity.lose(ids)
    })
    this.#carriers = new Carriers(
      rule === "none"
        ? { uncarried: (span) => this.#ledger.uncarried(span), carried: (gap) => this.#ledger.missing.dismiss(gap) }
        : null
    )
    this.#books = incremental
      ? new BookIntake({
        rule,
        stats: stats.sequence,
        ledger: this.#ledger,
        race: this.#race,
        hasRoom: options.queue.hasRoom,
        pass: (events) => this.#pass(events),
        flush: () => this.#flush()
      })
      : null
    if (counted) this.#recall(before)
    // What is known to be open from before is said at once.
    this.#flush()
  }

  /** A connection of the path with that index is open. */
  join(connection: number, path = 0): ConnectionIntake {
    return this.#books === null ? this.#joinAll(connection, path) : this.#books.join(connection, path)
  }

  /** Everything that is new is recorded, whichever connection brings it. */
  #joinAll(connection: number, path: number): ConnectionIntake {
    const { nowMicros, stats: { sequence } } = this.#options
    const carriers = this.#carriers
    /** Since when it delivers beside others, and how often an event had come twice by then. */
    let beside: { readonly sinceMillis: number; readonly duplicates: number } | null = null
    return {
      counts: () => carriers.add(connection, nowMicros()),
      unreadable: () => this.#ledger.unreadableFrame(),
      receive: (events, _connectionSequence, nowMillis) => {
        if (events.length === 0) return null
        if (!carriers.has(connection) && carriers.size > 0) {
          beside = { sinceMillis: nowMillis, duplicates: sequence.duplicates }
        }
        // The next one is known to carry once its events have been judged, and what it makes known is to be written before them.
        carriers.heard(connection)
        carriers.closing(events[0]!.timestampCollector, connection)
        const hole = this.#receive(events, connection, path)
        carriers.add(connection, events[0]!.timestampCollector)
        this.#ledger.frameEnded()
        return hole
      },
      takesOver: (nowMillis) =>
        carriers.has(connection) &&
        (beside === null || sequence.duplicates > beside.duplicates || nowMillis - beside.sinceMillis >= overlapMillis),
      leave: (cause) => {
        carriers.remove(connection, cause, this.#ledger.lastMicros)
        if (carriers.size === 0 && cause !== null) this.#ledger.interrupted(cause, connection)
        this.#flush()
      }
    }
  }

  /** No connection came about. */
  failed(cause: GapCause): void {
    const nobody = this.#books === null ? this.#carriers.size === 0 : !this.#books.hasLead
    if (nobody) this.#ledger.interrupted(cause, null)
  }

  /** The connections are about to be closed, and what comes after may be missed. */
  stopping(): void {
    this.#stopsAt ??= this.#options.nowMicros()
  }

  /** Nobody records the feed from here on. */
  stopped(): void {
    this.#ledger.stopped(this.#stopsAt ?? this.#options.nowMicros())
    this.#flush()
  }

  /** Says what has become due by the clock. */
  tick(): void {
    this.#ledger.tick(this.#options.nowMicros())
    this.#flush()
  }

  /** Rows that had been passed on are lost. */
  lost(
    rows: {
      readonly rows: number
      readonly firstReceivedMicros: number
      readonly lastReceivedMicros: number
      readonly firstId: string
      readonly lastId: string
    }
  ): void {
    const counted = this.#options.rule === "consecutive"
    this.#ledger.lost(rows, counted ? { first: Number(rows.firstId), last: Number(rows.lastId) } : null)
    this.#flush()
  }

  /** Gaps whose events are known by their ids, oldest first. */
  get missing(): ReadonlyArray<Gap> {
    return this.#ledger.missing.gaps
  }

  /** Takes trades that were fetched afterwards; answers how many of them had been missing and are passed on. */
  repair(trades: ReadonlyArray<TradeEvent>): number {
    const { queue: { hasRoom }, rule, stats } = this.#options
    this.#roomAgain()
    const kept = trades.filter((trade) => {
      const { position } = trade
      const wanted = rule === "consecutive"
        ? position !== null && this.#continuity.fetched(position) > 0
        : this.#unnumbered?.isWanted(trade.sequenceId, hasRoom, (gap) => gap) === true
      if (wanted && rule === "consecutive" && position !== null) {
        stats.sequence.missing -= position.last - position.first + 1
        this.#ledger.missing.take(position, "repaired")
      }
      return wanted
    })
    if (kept.length > 0) this.#pass(kept)
    return kept.length
  }

  /** What is missing in a gap without ids has been fetched, all of it or only some. */
  refetched(gap: Gap, recovered: number, complete: boolean): void {
    this.#ledger.missing.settle(gap, recovered, complete)
    this.#flush()
  }

  #receive(events: ReadonlyArray<Event>, connection: number, path: number): Hole | null {
    let hole: Hole | null = null
    const race = this.#race
    let from = 0
    this.#roomAgain(events[0]!.timestampCollector)
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
      this.#ledger.received(event, verdict, connection)
      if (verdict._tag === "Gap") hole = { missing: verdict.missing }
      const fresh = countVerdict(this.#options.stats.sequence, verdict)
      if (fresh) kept?.push(event)
      else kept ??= events.slice(from, index)
      if (race === null) continue
      race.brought(path, event.sequenceId, event.timestampCollector, fresh)
      if (fresh) race.won(path, 1)
    }
    this.#pass(kept ?? (from === 0 ? events : events.slice(from)))
    return hole
  }

  #roomAgain(nowMicros = this.#ledger.lastMicros): void {
    if (this.#options.queue.hasRoom()) this.#ledger.roomAgain(nowMicros)
  }

  #judge(event: Event, connection: number): Verdict {
    const verdict = this.#continuity.judge(event)
    if (verdict._tag !== "Unverifiable" || this.#unnumbered === null) return verdict
    if (this.#unnumbered.isWanted(event.sequenceId, this.#options.queue.hasRoom, this.#foundAgain)) return verdict
    // A venue may legally repeat a book on one connection; two connections that deliver bring the same ones.
    const twice = event.dataType === "trade" || this.#carriers.size > 1 || !this.#carriers.has(connection)
    return twice ? duplicate : verdict
  }

  readonly #foundAgain = (gap: Gap) => this.#ledger.missing.foundAgain(gap)

  /** Passes events on, with what is to be said before and behind them. */
  #pass(events: ReadonlyArray<Event>): void {
    const { onRecorded, queue, stats } = this.#options
    const first = events[0]
    if (first === undefined) return this.#flush()
    stats.events += events.length
    onRecorded(events)
    if (queue.hasRoom()) {
      this.#flushBefore()
      queue.put(events)
      stats.eventsQueued += events.length
      this.#ledger.written(events[events.length - 1]!.timestampCollector)
    } else {
      this.#flushBefore()
      stats.dropped += events.length
      this.#ledger.dropped(events)
      this.#unnumbered?.dropped(events)
    }
    this.#flush()
  }

  #flushBefore(): void {
    if (this.#before.length > 0) this.#options.queue.put(this.#before.splice(0))
  }

  #flush(): void {
    this.#flushBefore()
    if (this.#behind.length > 0) this.#options.queue.put(this.#behind.splice(0))
  }

  /** The newest rows are known by their ids: no gap that says so lacks them. */
  #recall({ tail }: FeedMemory): void {
    for (const id of tail?.recentIds ?? []) {
      const ids = { first: Number(id), last: Number(id) }
      if (this.#continuity.fetched(ids) > 0) this.#ledger.missing.take(ids, "repaired")
    }
  }
}
