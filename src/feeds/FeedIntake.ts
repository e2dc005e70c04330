import * as Continuity from "../completeness/Continuity.ts"
import { GapLedger } from "../completeness/GapLedger.ts"
import { NewGaps } from "../completeness/NewGaps.ts"
import { RecentIds } from "../completeness/RecentIds.ts"
import type { Uncarried } from "../completeness/Uncarried.ts"
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Event } from "../domain/Event.ts"
import type { Feed } from "../domain/Feed.ts"
import type { Gap, GapCause } from "../domain/Gap.ts"
import type { LostRows } from "../sinks/Sink.ts"
import type { PathStats } from "../telemetry/PathStats.ts"
import type { FeedStats } from "../telemetry/Telemetry.ts"
import { BookIntake } from "./BookIntake.ts"
import { Carriers } from "./Carriers.ts"
import type { ConnectionIntake } from "./ConnectionIntake.ts"
import { EventJudge } from "./EventJudge.ts"
import type { EventQueue } from "./EventQueue.ts"
import { type FeedMemory, standing } from "./FeedMemory.ts"
import { FetchedTrades } from "./FetchedTrades.ts"
import { lostIds } from "./lostIds.ts"
import { Neighbours } from "./Neighbours.ts"
import { Passage } from "./Passage.ts"
import { PathRace } from "./PathRace.ts"
import { UnwrittenTrades } from "./UnwrittenTrades.ts"

/** Ids of trades that are remembered where a venue's ids do not follow each other: some seconds of a busy market. */
const rememberedTrades = 4096

/** Books that are remembered, to know one that a second connection brings. */
const rememberedBooks = 1024

/** How long a successor waits until it and another connection have brought the same event, so that nothing lies between them. */
const overlapMillis = 2000

/** What was known when a connection delivered for the first time beside others. */
interface Beside {
  readonly sinceMillis: number
  /** How often an event had come twice. */
  readonly duplicates: number
  /** Frames of the others since it joined. */
  readonly ofOthers: number
  /** From the last event of the others to its first one. */
  readonly span: Uncarried
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
  /** Called when there is something that could be fetched. */
  readonly onMissing: () => void
}

/** Where all connections of a feed meet: judges what they bring, passes each event on once, and keeps the feed's gaps. */
export class FeedIntake {
  readonly #options: Options
  readonly #ledger: GapLedger
  /** Of a feed of changes to a book. */
  readonly #books: BookIntake | null
  #race: PathRace | null = null
  readonly #carriers: Carriers
  readonly #passage: Passage
  readonly #judge: EventJudge
  /** What can be asked for over REST. */
  readonly fetched: FetchedTrades
  #stopsAt: number | null = null
  /** Frames with events that any connection has brought. */
  #frames = 0

  constructor(options: Options) {
    const { before, feed, nowMicros, queue, rule, stats } = options
    this.#options = options
    const incremental = feed.dataType === "orderbook" && rule !== "none"
    const counted = rule === "consecutive"
    const stood = counted ? standing(before) : null
    const continuity = Continuity.make(rule, stood)
    const isTrade = feed.dataType === "trade"
    const recent = rule === "none" ? new RecentIds(isTrade ? rememberedTrades : rememberedBooks) : null
    const unwritten = rule === "none" && isTrade ? new UnwrittenTrades() : null
    const neighbours = unwritten === null ? null : new Neighbours(before.tail, options.onMissing)
    this.race(stats.paths)
    const startedMicros = nowMicros()
    const lastReceivedMicros = before.tail?.lastReceivedMicros ?? null
    stats.completeness.begin({ rule, startedMicros, lastReceivedMicros, gaps: before.gaps })
    this.#passage = new Passage({
      feed,
      stats,
      queue,
      nowMicros,
      passed: options.onRecorded,
      roomAgain: (firstMicros) => this.#ledger.roomAgain(firstMicros),
      written: (events) => {
        neighbours?.recorded(events)
        this.#ledger.written(events[events.length - 1]!.timestampCollector)
      },
      dropped: (events) => {
        this.#ledger.dropped(events)
        neighbours?.dropped(events)
        if (unwritten !== null) { for (const { sequenceId } of events) unwritten.add(sequenceId) }
      }
    })
    const gaps = new NewGaps(feed.dataType, startedMicros)
    this.#ledger = new GapLedger({
      dataType: feed.dataType,
      counted,
      unnumbered: rule === "none",
      startedMicros,
      before: { lastReceivedMicros, gaps: before.gaps },
      gaps,
      say: (gap, behind) => {
        stats.newestGap = gaps.newest
        this.#passage.say(gap, behind)
        // Rows that are lost to a disk had been received long before: the trades around them are not known any more.
        if (gap.cause !== "disk") neighbours?.said(gap, !behind)
        if (gap.cause === "queue_overflow" && gap.revision === 1) unwritten?.told(gap)
        if (gap.status === "missing") options.onMissing()
      },
      lose: (ids) => {
        continuity.lose(ids)
        stats.sequence.missing += ids.last - ids.first + 1
      }
    })
    this.#carriers = new Carriers(
      rule === "none"
        ? { uncarried: (span) => this.#ledger.uncarried(span), carried: (gap) => this.#ledger.dismissed(gap) }
        : null
    )
    const judged = {
      continuity,
      recent,
      unwritten,
      neighbours,
      ledger: this.#ledger,
      passage: this.#passage,
      stats: stats.sequence
    }
    this.fetched = new FetchedTrades(judged)
    this.#judge = new EventJudge({ ...judged, carriers: this.#carriers, race: () => this.#race })
    this.#books = incremental
      ? new BookIntake({
        rule,
        stats: stats.sequence,
        ledger: this.#ledger,
        passage: this.#passage,
        race: () => this.#race
      })
      : null
    this.#judge.recall(before, stood?.missing ?? [])
    // What is known to be open from before is said at once.
    this.#passage.flush()
  }

  /** From now on these paths bring the feed. */
  race(paths: ReadonlyArray<PathStats>): void {
    this.#race = paths.length > 1 ? new PathRace(paths) : null
  }

  /** A connection of the path with that index is open. */
  join(connection: number, path = 0): ConnectionIntake {
    return this.#books === null ? this.#joinAll(connection, path) : this.#books.join(connection, path)
  }

  /** Everything that is new is recorded, whichever connection brings it. */
  #joinAll(connection: number, path: number): ConnectionIntake {
    const { nowMicros, rule, stats: { sequence } } = this.#options
    const carriers = this.#carriers
    const framesBefore = this.#frames
    let brought = 0
    /** Frames of the others since it joined. */
    const ofOthers = () => this.#frames - framesBefore - brought
    let beside: Beside | null = null
    return {
      counts: () => carriers.add(connection, nowMicros()),
      unreadable: () => this.#ledger.unreadableFrame(),
      receive: (events, _connectionSequence, nowMillis) => {
        if (events.length === 0) return null
        const other = brought === 0 ? carriers.other(connection) : null
        if (other !== null) {
          const closedMicros = events[0]!.timestampCollector
          const openedMicros = Math.min(this.#ledger.lastMicros(), closedMicros)
          const span = { cause: "disconnected", openedMicros, closedMicros, before: other, after: connection } as const
          beside = { sinceMillis: nowMillis, duplicates: sequence.duplicates, ofOthers: ofOthers(), span }
        }
        this.#frames++
        brought++
        this.#judge.next(events[0]!)
        // The next one is known to carry once its events have been judged, and what it makes known is to be written before them.
        carriers.heard(connection)
        carriers.closing(events[0]!.timestampCollector, connection)
        const hole = this.#judge.receive(events, connection, path)
        carriers.add(connection, events[0]!.timestampCollector)
        this.#ledger.frameEnded()
        return hole
      },
      takesOver: (nowMillis) => {
        if (!carriers.has(connection)) return false
        // Where others have brought something meanwhile, it is not the market that is quiet.
        if (brought === 0) return ofOthers() === 0
        if (beside === null || sequence.duplicates > beside.duplicates) return true
        if (nowMillis - beside.sinceMillis < overlapMillis) return false
        // Whichever it is to replace has been silent since: for how long before, nobody can tell.
        if (rule === "none" && ofOthers() === beside.ofOthers) this.#ledger.uncarried(beside.span)
        beside = null
        this.#passage.flush()
        return true
      },
      leave: (cause) => {
        const carried = carriers.has(connection)
        carriers.remove(connection, cause, this.#ledger.lastMicros())
        if (carriers.size === 0 && (carried || cause !== null)) {
          this.#ledger.interrupted(cause ?? "disconnected", connection)
        }
        this.#passage.flush()
      }
    }
  }

  /** No connection came about. */
  failed(cause: GapCause): void {
    const nobody = this.#books === null ? this.#carriers.size === 0 : !this.#books.hasLead
    if (nobody) this.#ledger.interrupted(cause, null)
  }

  /**
   * A connection is about to be closed, and what comes after may be missed. Nothing at all has come over it for `quietMillis`: it may have
   * been dead since then without anybody having noticed.
   */
  stopping(quietMillis: number): void {
    const heardMicros = this.#options.nowMicros() - Math.ceil(quietMillis * 1000)
    // Of several connections the one that was heard last counts.
    this.#stopsAt = Math.max(this.#stopsAt ?? heardMicros, heardMicros)
  }

  /** Nobody records the feed from here on. */
  stopped(): void {
    this.#books?.stopped()
    this.#ledger.stopped(this.#stopsAt ?? this.#options.nowMicros())
    this.#passage.flush()
  }

  /** Gaps that are open, or may still be filled. */
  unsettled = (): ReadonlyArray<Gap> => this.#ledger.unsettled()

  /**
   * Rows that waited were written: what was dropped for want of room is told, though nothing more may come for long. Only where the
   * venue counts its trades: elsewhere the next event is to say up to where something is missing.
   */
  drained(): void {
    if (this.#options.rule !== "consecutive") return
    this.#passage.prepare(Math.max(this.#options.nowMicros(), this.#ledger.lastMicros()))
    this.#passage.flush()
  }

  /** Says what has become due by the clock. */
  tick(): void {
    this.#ledger.tick(this.#options.nowMicros())
    this.#passage.flush()
  }

  /** Rows that had been passed on are lost; `goesOn` where they were right after those that were lost before. */
  lost(rows: LostRows, goesOn: boolean): void {
    const runs = this.#options.rule === "consecutive" ? lostIds(rows) : [{ ...rows, ids: null }]
    for (const { ids, ...run } of runs) {
      const count = ids === null ? run.rows : ids.last - ids.first + 1
      this.#options.stats.completeness.lose(count, run.lastReceivedMicros)
      this.#ledger.lost(run, ids, goesOn)
    }
    this.#passage.flush()
  }
}
