import type { DataType } from "../domain/Feed.ts"
import type { Event } from "../domain/Event.ts"
import type { Gap, GapCause } from "../domain/Gap.ts"
import { DroppedEvents } from "./DroppedEvents.ts"
import * as interruption from "./Interruption.ts"
import { type Lost, MissingEvents, type Say } from "./MissingEvents.ts"
import { type NewGaps, type Sized, sized } from "./NewGaps.ts"
import type { Uncarried } from "./Uncarried.ts"
import { UnreadFrames } from "./UnreadFrames.ts"
import type { Missing, Verdict } from "./Verdict.ts"

/** What is known of a feed from before this process. */
export interface Before {
  /** Receive time of its newest row, microseconds since the epoch; null where it never had one. */
  readonly lastReceivedMicros: number | null
  /** Its gaps that are open or missing. */
  readonly gaps: ReadonlyArray<Gap>
}

export interface Options {
  readonly dataType: DataType
  /** Whether its ids follow each other, so that each missing one is known. */
  readonly counted: boolean
  /** Whether the venue numbers nothing that could show a hole, so that whatever may be missing is taken to be. */
  readonly unnumbered: boolean
  readonly startedMicros: number
  readonly before: Before
  /** Makes its gaps. */
  readonly gaps: NewGaps
  /** Hears every statement about a gap, in their order. */
  readonly say: Say
  /** Hears of ids that had been received and are missing after all. */
  readonly lose: (ids: Missing) => void
}

/** How long an interruption lasts before it is said that it is open. Most end sooner, and often nothing was missed. */
export const announceAfterMicros = 10_000_000

/**
 * Keeps the gaps of one feed: when they open and close, and what is missing in them. Pure: it is told what happens, in its order,
 * with receive times in microseconds since the epoch, and says what is to be written.
 */
export class GapLedger {
  readonly #options: Options
  /** Whether only a complete book ends a gap: a change is of use only after all before it. */
  readonly #books: boolean
  readonly #gaps: NewGaps
  readonly #missing: MissingEvents
  #interruption: interruption.Interruption | null
  #lastMicros: number
  /** Receive time of the newest event that found room. */
  #writtenMicros: number
  #lastConnection: number | null = null
  /** The gap of the rows that were lost last, for those that are lost right after them; null where its ids tell. */
  #lostLast: Gap | null = null
  /** Whether an event was ever received, so that the venue's numbers have something to be compared with. */
  #begun: boolean
  readonly #unread: UnreadFrames
  readonly #dropped: DroppedEvents

  constructor(options: Options) {
    const { before, startedMicros } = options
    this.#options = options
    this.#books = options.dataType === "orderbook"
    this.#dropped = new DroppedEvents(options.counted)
    this.#unread = new UnreadFrames(options.unnumbered)
    this.#gaps = options.gaps
    this.#missing = new MissingEvents(options.say, before.gaps.filter(({ status }) => status === "missing"))
    this.#begun = before.lastReceivedMicros !== null
    // The clock may have been ahead when that was received.
    this.#lastMicros = Math.min(before.lastReceivedMicros ?? startedMicros, startedMicros)
    const open = before.gaps.findLast(({ status }) => status === "open") ?? null
    this.#writtenMicros = this.#lastMicros
    this.#interruption = interruption.fromBefore(open, this.#begun, this.#lastMicros)
    if (open === null && this.#begun) this.#announce(this.#interruption)
  }

  /** Why events may be missing just now, of a book until the next complete one; null while none are. */
  get brokenBy(): GapCause | null {
    return this.#interruption?.cause ?? (this.#dropped.running ? "queue_overflow" : null)
  }

  /** Receive time of the newest event. */
  readonly lastMicros = (): number => this.#lastMicros

  /** Nothing delivers any more. */
  interrupted(why: GapCause, connection: number | null): void {
    const cause = why === "stale" && !this.#begun ? "never_subscribed" : why
    const now = this.#interruption
    if (now === null) {
      this.#interruption = this.#interruptionFrom(cause, connection)
      return
    }
    now.cause ??= cause
    // Beside the events that were known to be missing, others are now.
    now.missing = now.ids = null
  }

  /** Says of an interruption that lasts that it is open. */
  tick(nowMicros: number): void {
    const now = this.#interruption
    if (now === null || now.cause === null || interruption.isOpen(now)) return
    if (nowMicros - now.openedMicros >= announceAfterMicros) this.#announce(now)
  }

  /** An event was received and judged; to be told before it is written. */
  received(event: Event, verdict: Verdict, connection: number): void {
    switch (verdict._tag) {
      case "Duplicate":
        return
      case "OutOfOrder":
        if (event.position !== null) this.#missing.take(event.position, "dismissed")
        break
      default:
        if (verdict._tag === "Reset") this.#missing.forgetIds()
        this.#settle(event, verdict, connection)
        this.#begun = true
        this.#lastConnection = connection
    }
    this.#lastMicros = Math.max(this.#lastMicros, event.timestampCollector)
  }

  /** All events of a frame have been told. */
  readonly frameEnded = (): void => this.#unread.frameEnded()

  /** Something in a frame could not be read; to be told before the events of that frame. */
  readonly unreadableFrame = (): void => this.#unread.add()

  /** Events received until then are written. */
  written(receivedMicros: number): void {
    this.#writtenMicros = receivedMicros
  }

  /** Events that were received and judged are not written, for there was no room. */
  dropped(events: ReadonlyArray<Event>): void {
    for (const event of events) {
      if (!this.#dropped.continues(event)) this.#endDropped(event.timestampCollector)
      this.#dropped.add(event, this.#writtenMicros)
    }
  }

  /** There is room again from `nowMicros` on; to be told before the next events are written. */
  roomAgain(nowMicros: number): void {
    if (!this.#books) return this.#endDropped(nowMicros)
    const run = this.#dropped.end()
    if (run !== null) this.#breakBook("queue_overflow", run.openedMicros, run.missing)
  }

  /** Rows that had been taken are lost on their way to the disk; `goesOn` where none was kept since those that were lost before them. */
  lost(rows: Lost, ids: Missing | null, goesOn: boolean): void {
    const before = goesOn ? this.#lostLast : null
    this.#lostLast = null
    if (this.#books) {
      // The book that ended it is lost as well.
      if (before !== null) this.#interruption ??= interruption.reopened(before)
      return this.#breakBook("disk", rows.firstReceivedMicros, rows.rows)
    }
    const gap = before !== null && ids === null
      ? this.#missing.widen(before, rows, this.#lastConnection)
      : this.#addLost("disk", rows.firstReceivedMicros, rows.lastReceivedMicros, { missing: rows.rows, ids })
    if (ids === null) this.#lostLast = gap
  }

  /** Nobody records the feed from `nowMicros` on. */
  stopped(nowMicros: number): void {
    const openedMicros = Math.max(nowMicros, this.#lastMicros)
    this.roomAgain(openedMicros)
    if (this.#interruption === null) {
      const stop = this.#interruptionFrom("recorder_stopped", this.#lastConnection)
      // What could not be read may be the newest there was.
      const unread = this.#unread.some && this.#options.unnumbered
      this.#interruption = unread ? stop : { ...stop, openedMicros }
    }
    const now = this.#interruption
    if (interruption.isOpen(now) && !interruption.hasWidened(now)) return
    now.cause ??= "never_subscribed"
    this.#announce(now)
  }

  /** Gaps that are open, or may still be filled. */
  readonly unsettled = (): ReadonlyArray<Gap> => {
    const open = this.#interruption?.gap ?? null
    return open === null ? this.#missing.gaps : [...this.#missing.gaps, open]
  }

  /** The gaps whose missing events are known one by one, oldest first. */
  readonly missing = (): ReadonlyArray<Gap> => this.#missing.gaps

  /** Trades that were fetched afterwards are about to be written; true where one of its ids was missing. */
  repaired(ids: Missing): boolean {
    return this.#missing.take(ids, "repaired") > 0
  }

  /** One of the events that `gap` lacks has come again; answers how the gap stands now. */
  foundAgain = (gap: Gap): Gap => this.#missing.foundAgain(gap)

  /** What was missing in a gap that has no ids has been fetched as far as `complete` says. */
  refetched = (gap: Gap, recovered: number, complete: boolean) => this.#missing.settle(gap, recovered, complete)

  /** Whether anything was delivered in a span is not known; answers what is said of it. */
  uncarried({ after, before, cause, closedMicros, openedMicros }: Uncarried): Gap {
    return this.#missing.add(this.#gap(cause, openedMicros, closedMicros, sized(null), after, before), null)
  }

  /** Nothing is missing in `gap` after all. */
  readonly dismissed = (gap: Gap): void => this.#missing.dismiss(gap)

  #endDropped(nowMicros: number): void {
    const run = this.#dropped.end()
    if (run !== null) this.#addLost("queue_overflow", run.openedMicros, nowMicros, run)
  }

  #addLost(cause: GapCause, openedMicros: number, closedMicros: number, { ids, missing }: Sized): Gap {
    if (ids !== null) this.#options.lose(ids)
    const longer = cause === "disk" ? this.#missing.addToLost(ids, closedMicros, this.#lastConnection) : null
    const made = () => this.#gap(cause, openedMicros, closedMicros, ids === null ? { ids, missing } : sized(ids))
    return longer ?? this.#missing.add(made(), ids)
  }

  /** Books that had been received are lost: what follows is of no use without them. */
  #breakBook(cause: GapCause, openedMicros: number, missing: number): void {
    const now = this.#interruption
    if (now === null) {
      this.#interruption = { ...this.#interruptionFrom(cause, this.#lastConnection), openedMicros, missing }
      return
    }
    now.cause ??= cause
    now.openedMicros = Math.min(now.openedMicros, openedMicros)
    if (now.missing !== null) now.missing += missing
  }

  #settle(event: Event, verdict: Verdict, connection: number): void {
    const now = this.#interruption
    if (now !== null) {
      if (event.dataType === "orderbook" && !event.isSnapshot) {
        interruption.widen(now, event, verdict)
        // Changes that are written without the book that they change need the word of it before them.
        return interruption.isOpen(now) ? undefined : this.#announce(now)
      }
      this.#interruption = null
      if (this.#options.unnumbered) this.#unread.clear()
      return this.#close(now, event, verdict, connection)
    }
    if (verdict._tag === "Gap") {
      const cause = this.#unread.some ? "parse_errors" : "sequence_gap"
      if (event.dataType === "orderbook" && !event.isSnapshot) {
        this.#interruption = { ...this.#interruptionFrom(cause, this.#lastConnection), ...sized(verdict.missing) }
        return this.#announce(this.#interruption)
      }
      // In the order of their ids: after a crash what is said of one gap speaks for all before it.
      this.#endDropped(event.timestampCollector)
      const gap = this.#gap(cause, this.#lastMicros, event.timestampCollector, sized(verdict.missing), connection)
      this.#missing.add(gap, verdict.missing)
    } else if (this.#unread.some && this.#options.unnumbered) {
      this.#unread.clear()
      this.#missing.add(
        this.#gap("parse_errors", this.#lastMicros, event.timestampCollector, sized(null), connection),
        null
      )
    }
  }

  #close(now: interruption.Interruption, event: Event, verdict: Verdict, connection: number): void {
    if (now.cause === null) return
    const { counted } = this.#options
    // A book that ends it may have been held back while changes were written.
    const closedMicros = Math.max(event.timestampCollector, now.openedMicros, this.#books ? this.#lastMicros : 0)
    const end = { closedMicros, connectionAfter: connection }
    if (counted && this.#begun && verdict._tag === "InOrder") {
      if (now.gap !== null) this.#options.say(interruption.dismissed(now.gap, end), false)
      return
    }
    const ids = verdict._tag === "Gap" && counted ? verdict.missing : now.ids
    const missing = ids === null || !counted ? now.missing : ids.last - ids.first + 1
    const gap = interruption.ended(now, this.#gaps, { ...end, sized: { ids, missing } })
    if (now.cause === "disk") this.#lostLast = gap
    this.#missing.add(gap, counted ? ids : null)
  }

  #announce(now: interruption.Interruption): void {
    const gap = interruption.announced(now, this.#gaps)
    if (gap !== null) this.#options.say(gap, false)
  }

  #interruptionFrom(cause: GapCause, connection: number | null): interruption.Interruption {
    return { cause, gap: null, openedMicros: this.#lastMicros, connectionBefore: connection, missing: null, ids: null }
  }

  #gap(
    cause: GapCause,
    openedMicros: number,
    closedMicros: number,
    sized: Sized,
    connectionAfter: number | null = this.#lastConnection,
    connectionBefore: number | null = this.#lastConnection
  ): Gap {
    return this.#gaps.make({ cause, openedMicros, closedMicros, sized, connectionBefore, connectionAfter })
  }
}
