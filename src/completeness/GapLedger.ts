import type { DataType } from "../domain/Feed.ts"
import type { Event } from "../domain/Event.ts"
import type { Gap, GapCause } from "../domain/Gap.ts"
import { DroppedEvents } from "./DroppedEvents.ts"
import { MissingEvents, type Say } from "./MissingEvents.ts"
import { Interruption, type Uncarried } from "./Interruption.ts"
import { idTexts, NewGaps, type Sized, sized } from "./NewGaps.ts"
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
  /** What is missing, and what becomes of it. */
  readonly missing: MissingEvents
  #interruption: Interruption | null
  #lastMicros: number
  /** Receive time of the newest event that found room. */
  #writtenMicros: number
  #lastConnection: number | null = null
  /** Whether an event was ever received, so that the venue's numbers have something to be compared with. */
  #begun: boolean
  /** Frames that could not be read since the last one that proved that nothing was missing. */
  #unreadable = false
  #unreadableNow = false
  readonly #dropped: DroppedEvents

  constructor(options: Options) {
    const { before, startedMicros } = options
    this.#options = options
    this.#books = options.dataType === "orderbook"
    this.#dropped = new DroppedEvents(options.counted)
    this.#gaps = new NewGaps(options.dataType, startedMicros)
    this.missing = new MissingEvents(options.say, before.gaps.filter(({ status }) => status === "missing"))
    this.#begun = before.lastReceivedMicros !== null
    this.#lastMicros = before.lastReceivedMicros ?? startedMicros
    const open = before.gaps.findLast(({ status }) => status === "open") ?? null
    this.#writtenMicros = this.#lastMicros
    // What is said of a gap may be on disk without the rows before it.
    const openedMicros = Math.min(open?.openedMicros ?? Infinity, this.#lastMicros)
    const cause = open?.cause ?? (this.#begun ? "recorder_crashed" : null)
    this.#interruption = new Interruption(cause, openedMicros, open?.connectionBefore ?? null)
    this.#interruption.gap = open
    if (open === null && this.#begun) this.#announce(this.#interruption)
  }

  /** Whether events may be missing just now: of a book, until the next complete one. */
  get broken(): boolean {
    return (this.#interruption !== null && this.#interruption.cause !== null) || this.#dropped.running
  }

  /** Receive time of the newest event. */
  get lastMicros(): number {
    return this.#lastMicros
  }

  /** Nothing delivers any more. */
  interrupted(why: GapCause, connection: number | null): void {
    const cause = why === "stale" && !this.#begun ? "never_subscribed" : why
    const now = this.#interruption
    if (now === null) {
      this.#interruption = new Interruption(cause, this.#lastMicros, connection)
      return
    }
    now.goOn(cause)
  }

  /** Says of an interruption that lasts that it is open. */
  tick(nowMicros: number): void {
    const now = this.#interruption
    if (now === null || now.cause === null || now.gap !== null) return
    if (nowMicros - now.openedMicros >= announceAfterMicros) this.#announce(now)
  }

  /** An event was received and judged; to be told before it is written. */
  received(event: Event, verdict: Verdict, connection: number): void {
    switch (verdict._tag) {
      case "Duplicate":
        return
      case "OutOfOrder":
        if (event.position !== null) this.missing.take(event.position, "dismissed")
        break
      default:
        if (verdict._tag === "Reset") this.missing.forgetIds()
        this.#settle(event, verdict, connection)
        this.#begun = true
        this.#lastConnection = connection
    }
    this.#lastMicros = Math.max(this.#lastMicros, event.timestampCollector)
  }

  /** All events of a frame have been told. */
  frameEnded(): void {
    // Where nothing is numbered, only an event that is new can stand behind what could not be read.
    if (this.#options.unnumbered) return
    this.#unreadable = this.#unreadableNow
    this.#unreadableNow = false
  }

  /** Something in a frame could not be read; to be told before the events of that frame. */
  unreadableFrame(): void {
    this.#unreadable = true
    this.#unreadableNow = true
  }

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

  /** Rows that had been taken are lost on their way to the disk. */
  lost(
    rows: { readonly rows: number; readonly firstReceivedMicros: number; readonly lastReceivedMicros: number },
    ids: Missing | null
  ): void {
    if (this.#books) return this.#breakBook("disk", rows.firstReceivedMicros, rows.rows)
    const missing = ids === null ? rows.rows : ids.last - ids.first + 1
    this.#addLost("disk", rows.firstReceivedMicros, rows.lastReceivedMicros, { missing, ids })
  }

  /** Nobody records the feed from `nowMicros` on. */
  stopped(nowMicros: number): void {
    this.roomAgain(Math.max(nowMicros, this.#lastMicros))
    const now = this.#interruption
    if (now === null) {
      // What could not be read may be the newest there was.
      const unread = this.#unreadable && this.#options.unnumbered
      const openedMicros = unread ? this.#lastMicros : Math.max(nowMicros, this.#lastMicros)
      this.#announce(new Interruption("recorder_stopped", openedMicros, this.#lastConnection))
    } else if (now.gap === null) {
      now.cause ??= "never_subscribed"
      this.#announce(now)
    }
  }

  /** Whether anything was delivered in a span is not known; answers what is said of it. */
  uncarried({ after, before, cause, closedMicros, openedMicros }: Uncarried): Gap {
    const gap = this.#gap(cause, openedMicros, closedMicros, sized(null), after, before)
    this.missing.add(gap, null)
    return gap
  }

  #endDropped(nowMicros: number): void {
    const run = this.#dropped.end()
    if (run !== null) this.#addLost("queue_overflow", run.openedMicros, nowMicros, run)
  }

  #addLost(cause: GapCause, openedMicros: number, closedMicros: number, sized: Sized): void {
    if (sized.ids !== null) this.#options.lose(sized.ids)
    this.missing.add(this.#gap(cause, openedMicros, closedMicros, sized), sized.ids)
  }

  /** Books that had been received are lost: what follows is of no use without them. */
  #breakBook(cause: GapCause, openedMicros: number, missing: number): void {
    if (this.#interruption !== null) return this.#interruption.lose(cause, openedMicros, missing)
    this.#interruption = new Interruption(cause, openedMicros, this.#lastConnection, { missing, ids: null })
  }

  #settle(event: Event, verdict: Verdict, connection: number): void {
    const now = this.#interruption
    if (now !== null) {
      if (event.dataType === "orderbook" && !event.isSnapshot) {
        now.widen(event, verdict)
        // Changes that are written without the book that they change need the word of it before them.
        if (now.gap === null) this.#announce(now)
        return
      }
      this.#interruption = null
      if (this.#options.unnumbered) this.#unreadable = this.#unreadableNow = false
      return this.#close(now, event, verdict, connection)
    }
    if (verdict._tag === "Gap") {
      const cause = this.#unreadable ? "parse_errors" : "sequence_gap"
      if (event.dataType === "orderbook" && !event.isSnapshot) {
        const connection = this.#lastConnection
        this.#interruption = new Interruption(cause, this.#lastMicros, connection, sized(verdict.missing))
        return this.#announce(this.#interruption)
      }
      // In the order of their ids: after a crash what is said of one gap speaks for all before it.
      this.#endDropped(event.timestampCollector)
      const gap = this.#gap(cause, this.#lastMicros, event.timestampCollector, sized(verdict.missing), connection)
      return this.missing.add(gap, verdict.missing)
    }
    if (this.#unreadable && this.#options.unnumbered) {
      this.#unreadable = this.#unreadableNow = false
      this.missing.add(
        this.#gap("parse_errors", this.#lastMicros, event.timestampCollector, sized(null), connection),
        null
      )
    }
  }

  #close(now: Interruption, event: Event, verdict: Verdict, connection: number): void {
    if (now.cause === null) return
    // A book that ends it may have been held back while changes were written.
    const closedMicros = Math.max(event.timestampCollector, now.openedMicros, this.#books ? this.#lastMicros : 0)
    if (this.#options.counted && this.#begun && verdict._tag === "InOrder") {
      if (now.gap === null) return
      const revision = now.gap.revision + 1
      this.#options.say({
        ...now.gap,
        revision,
        status: "dismissed",
        closedMicros,
        missing: 0,
        connectionAfter: connection
      }, false)
      return
    }
    const ids = verdict._tag === "Gap" && this.#options.counted ? verdict.missing : now.ids
    const missing = ids === null || !this.#options.counted ? now.missing : ids.last - ids.first + 1
    const said = now.gap ??
      this.#gap(now.cause, now.openedMicros, closedMicros, { missing, ids }, null, now.connectionBefore)
    this.missing.add({
      ...said,
      ...idTexts(ids),
      openedMicros: now.openedMicros,
      revision: now.gap === null ? said.revision : said.revision + 1,
      status: "missing",
      closedMicros,
      missing,
      connectionAfter: connection
    }, this.#options.counted ? ids : null)
  }

  #announce(now: Interruption): void {
    if (now.cause === null) return
    const gap: Gap = {
      ...this.#gap(
        now.cause,
        now.openedMicros,
        now.openedMicros,
        { missing: now.missing, ids: now.ids },
        null,
        now.connectionBefore
      ),
      status: "open",
      closedMicros: null
    }
    now.gap = gap
    this.#options.say(gap, false)
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
