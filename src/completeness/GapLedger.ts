import type { DataType } from "../domain/Feed.ts"
import type { Event } from "../domain/Event.ts"
import type { Gap, GapCause } from "../domain/Gap.ts"
import { DroppedEvents } from "./DroppedEvents.ts"
import type { Interruption } from "./Interruption.ts"
import { MissingEvents, type Say } from "./MissingEvents.ts"
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
  /** Whether only a complete book ends a gap: the events of the feed change a book. */
  readonly incremental: boolean
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
  readonly #gaps: NewGaps
  readonly #missing: MissingEvents
  #interruption: Interruption | null
  #lastMicros: number
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
    this.#dropped = new DroppedEvents(options.counted)
    this.#gaps = new NewGaps(options.dataType, startedMicros)
    this.#missing = new MissingEvents(options.say, before.gaps.filter(({ status }) => status === "missing"))
    this.#begun = before.lastReceivedMicros !== null
    this.#lastMicros = before.lastReceivedMicros ?? startedMicros
    const open = before.gaps.findLast(({ status }) => status === "open") ?? null
    this.#interruption = {
      cause: open?.cause ?? (this.#begun ? "recorder_crashed" : null),
      gap: open,
      openedMicros: open?.openedMicros ?? this.#lastMicros,
      connectionBefore: open?.connectionBefore ?? null,
      missing: null,
      ids: null
    }
    if (open === null && this.#begun) this.#announce(this.#interruption)
  }

  /** Nothing delivers any more. */
  interrupted(cause: GapCause, connection: number | null): void {
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
    if (now === null || now.cause === null || now.gap !== null) return
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
  frameEnded(): void {
    this.#unreadable = this.#unreadableNow
    this.#unreadableNow = false
  }

  /** Something in a frame could not be read; to be told before the events of that frame. */
  unreadableFrame(): void {
    this.#unreadable = true
    this.#unreadableNow = true
  }

  /** Events that were received and judged are not written, for there was no room. */
  dropped(events: ReadonlyArray<Event>): void {
    for (const event of events) {
      if (!this.#dropped.continues(event)) this.#endDropped(event.timestampCollector)
      this.#dropped.add(event)
    }
  }

  /** There is room again from `nowMicros` on; to be told before the next events are written. */
  roomAgain(nowMicros: number): void {
    if (!this.#options.incremental) return this.#endDropped(nowMicros)
    const run = this.#dropped.end()
    // The changes that follow are of no use without those that were dropped.
    if (run !== null) {
      this.#interruption ??= {
        ...this.#interruptionFrom("queue_overflow", this.#lastConnection),
        openedMicros: run.openedMicros,
        missing: run.missing
      }
    }
  }

  /** Rows that had been taken are lost on their way to the disk. */
  lost(
    rows: { readonly rows: number; readonly firstReceivedMicros: number; readonly lastReceivedMicros: number },
    ids: Missing | null
  ): void {
    const missing = ids === null ? rows.rows : ids.last - ids.first + 1
    this.#addLost("disk", rows.firstReceivedMicros, rows.lastReceivedMicros, { missing, ids })
  }

  /** Nobody records the feed from `nowMicros` on. */
  stopped(nowMicros: number): void {
    this.roomAgain(nowMicros)
    // From the last event on: a connection may have been dead for a while without anybody having noticed.
    const now = this.#interruption ??= this.#interruptionFrom("recorder_stopped", this.#lastConnection)
    if (now.gap !== null) return
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

  /** What was missing in a gap that has no ids has been fetched as far as `complete` says. */
  refetched = (gap: Gap, recovered: number, complete: boolean) => this.#missing.settle(gap, recovered, complete)

  #endDropped(nowMicros: number): void {
    const run = this.#dropped.end()
    if (run !== null) this.#addLost("queue_overflow", run.openedMicros, nowMicros, run)
  }

  #addLost(cause: GapCause, openedMicros: number, closedMicros: number, sized: Sized): void {
    if (sized.ids !== null) this.#options.lose(sized.ids)
    this.#missing.add(this.#gap(cause, openedMicros, closedMicros, sized), sized.ids)
  }

  #settle(event: Event, verdict: Verdict, connection: number): void {
    const now = this.#interruption
    if (now !== null) {
      if (this.#options.incremental && !(event.dataType === "orderbook" && event.isSnapshot)) {
        return this.#widen(now, verdict)
      }
      this.#interruption = null
      return this.#close(now, event, verdict, connection)
    }
    const { counted, incremental } = this.#options
    if (verdict._tag === "Gap") {
      const cause = this.#unreadable ? "parse_errors" : "sequence_gap"
      if (incremental) {
        this.#interruption = this.#interruptionFrom(cause, this.#lastConnection)
        return this.#widen(this.#interruption, verdict)
      }
      // In the order of their ids: after a crash what is said of one gap speaks for all before it.
      this.#endDropped(event.timestampCollector)
      const gap = this.#gap(cause, this.#lastMicros, event.timestampCollector, sized(verdict.missing), connection)
      return this.#missing.add(gap, verdict.missing)
    }
    if (this.#unreadable && !counted && !incremental) {
      this.#unreadable = this.#unreadableNow = false
      this.#missing.add(
        this.#gap("parse_errors", this.#lastMicros, event.timestampCollector, sized(null), connection),
        null
      )
    }
  }

  /** A broken book: what else is missing before the next complete one. */
  #widen(now: Interruption, verdict: Verdict): void {
    if (verdict._tag !== "Gap" || verdict.missing === null) return
    now.missing = (now.missing ?? 0) + verdict.missing.last - verdict.missing.first + 1
    now.ids = { first: now.ids?.first ?? verdict.missing.first, last: verdict.missing.last }
  }

  #close(now: Interruption, event: Event, verdict: Verdict, connection: number): void {
    if (now.cause === null) return
    const closedMicros = Math.max(event.timestampCollector, now.openedMicros)
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
    this.#missing.add({
      ...said,
      ...idTexts(ids),
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

  #interruptionFrom(cause: GapCause, connection: number | null): Interruption {
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
