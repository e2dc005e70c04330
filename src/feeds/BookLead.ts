import * as ConnectionContinuity from "../completeness/ConnectionContinuity.ts"
import * as Continuity from "../completeness/Continuity.ts"
import { inOrder, type Verdict } from "../completeness/Verdict.ts"
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Event } from "../domain/Event.ts"
import type { GapCause } from "../domain/Gap.ts"
import type { SequenceStats } from "../telemetry/SequenceStats.ts"
import type { Hole } from "./ConnectionIntake.ts"
import { countVerdict } from "./countVerdict.ts"

/** Bytes of events that a connection which does not lead holds; of more, it begins anew with the next complete book. */
const maxHeldBytes = 8 * 1024 * 1024

/** After this long without a word from the leading connection, another one that has news leads. */
const silenceMillis = 1000

/** How long a successor waits for the leading connection to come as far as the book that the successor began with. */
const catchUpMillis = 2000

interface Held {
  readonly event: Event
  readonly verdict: Verdict
  readonly atMillis: number
}

/** One connection among those that bring the same book. */
export interface Contender {
  readonly connection: number
  readonly continuity: Continuity.Continuity
  readonly judgeMessage: (sequence: number) => Verdict
  /** What came since its complete book, and that the leading connection has not brought. */
  held: Array<Held>
  heldBytes: number
  /** It has a complete book, and every change since. */
  whole: boolean
  /** The leading connection has brought all that came before `held`. */
  reached: boolean
  /** When its complete book came, monotonic milliseconds. */
  bookAt: number
  /** A hole in the numbering of its messages, to be told with its next event. */
  messageHole: Verdict | null
}

export interface Options {
  readonly rule: ContinuityRule
  readonly stats: SequenceStats
  readonly interrupted: (cause: GapCause, connection: number | null) => void
  readonly received: (event: Event, verdict: Verdict, connection: number) => void
  readonly pass: (events: ReadonlyArray<Event>) => void
}

/**
 * Chooses among the connections of a feed of changes to a book. A change is of use only after all before it, so one connection leads and
 * is recorded; the others hold what it has not brought yet, and one of them goes on where it ends, at best without a hole.
 */
export class BookLead {
  readonly #options: Options
  readonly #contenders = new Set<Contender>()
  #lead: Contender | null = null
  /** The newest event that was recorded. */
  #last: Event | null = null

  constructor(options: Options) {
    this.#options = options
  }

  join(connection: number): Contender {
    const contender: Contender = {
      connection,
      continuity: Continuity.make(this.#options.rule),
      judgeMessage: ConnectionContinuity.make(),
      held: [],
      heldBytes: 0,
      whole: false,
      reached: false,
      bookAt: 0,
      messageHole: null
    }
    this.#contenders.add(contender)
    return contender
  }

  receive(from: Contender, events: ReadonlyArray<Event>, sequence: number | null, nowMillis: number): Hole | null {
    const message = this.#options.rule === "connection" && sequence !== null ? from.judgeMessage(sequence) : inOrder
    if (message._tag === "Duplicate") {
      if (this.#lead === from) this.#options.stats.duplicates += events.length
      return null
    }
    if (events.length > 0) this.#lead ??= from
    let hole = this.#messageHole(from, message)
    const passed: Array<Event> = []
    for (const event of events) {
      // Messages are numbered where their events are not.
      const verdict = from.messageHole ?? (message._tag === "OutOfOrder" ? message : from.continuity.judge(event))
      from.messageHole = null
      if (verdict._tag === "Gap") hole ??= { missing: verdict.missing }
      this.#noteBook(from, event, verdict, nowMillis)
      if (this.#lead === from && verdict._tag === "Gap") this.#succeed(null)
      if (this.#lead !== from) this.#hold(from, event, verdict, nowMillis)
      else if (this.#record(from, event, verdict)) passed.push(event)
    }
    this.#options.pass(passed)
    if (this.#lead === from) { for (const other of this.#contenders) this.#prune(other) }
    else this.#leadWhereSilent(from, nowMillis)
    return hole
  }

  /** Whether the connection brings a whole book, so that nothing is missed while it is open. */
  carries(contender: Contender): boolean {
    return contender.whole
  }

  /** Lets the connection lead as soon as nothing is lost by that; true when whichever it is to replace may go. */
  takesOver(contender: Contender, nowMillis: number): boolean {
    if (this.#lead === contender) return true
    if (!contender.whole) return false
    const waited = nowMillis - contender.bookAt >= catchUpMillis
    if (!contender.reached && !waited) return false
    // A lead that is quiet has brought all there was. Where the numbers say that it is behind, they tell of a hole.
    this.#makeLead(contender, this.#options.rule === "connection" ? null : "sequence_gap")
    return true
  }

  /** The connection has ended, for `cause`; null where it was replaced. */
  leave(contender: Contender, cause: GapCause | null): void {
    this.#contenders.delete(contender)
    if (this.#lead === contender && !this.#succeed(cause)) this.#lead = null
  }

  /** Lets the best of the others lead; without a cause only one that goes on without a hole. */
  #succeed(cause: GapCause | null): boolean {
    const others = [...this.#contenders].filter((other) => other !== this.#lead && other.whole)
    const next = others.find((other) => this.#seamless(other)) ?? (cause === null ? undefined : others[0])
    if (next === undefined) return false
    this.#makeLead(next, cause)
    return true
  }

  /** `cause` is that of the hole, should there be one. */
  #makeLead(next: Contender, cause: GapCause | null): void {
    if (!this.#seamless(next) && cause !== null) this.#options.interrupted(cause, this.#lead?.connection ?? null)
    const before = this.#lead
    this.#lead = next
    if (before !== null && this.#contenders.has(before)) {
      before.whole = before.reached = false
      before.held = []
      before.heldBytes = 0
    }
    const held = next.held.splice(0)
    next.heldBytes = 0
    this.#options.pass(
      held.filter(({ event, verdict }) => this.#record(next, event, verdict)).map(({ event }) => event)
    )
  }

  #record(from: Contender, event: Event, verdict: Verdict): boolean {
    this.#options.received(event, verdict, from.connection)
    // Counted when it was found.
    if (verdict !== messageGap && !countVerdict(this.#options.stats, verdict)) return false
    if (verdict._tag !== "OutOfOrder") this.#last = event
    return true
  }

  #hold(from: Contender, event: Event, verdict: Verdict, nowMillis: number): void {
    if (!from.whole || verdict._tag === "Duplicate") return
    if (this.#last !== null && !isAfter(event, this.#last)) {
      from.reached = true
      return
    }
    from.held.push({ event, verdict, atMillis: nowMillis })
    from.heldBytes += event.data.length
    if (from.heldBytes > maxHeldBytes) this.#beginAnew(from)
  }

  /** Takes out what the leading connection has brought meanwhile. */
  #prune(other: Contender): void {
    const last = this.#last
    if (last === null || other === this.#lead || other.held.length === 0) return
    const news = other.held.findIndex(({ event }) => isAfter(event, last))
    if (news === 0) return
    const brought = other.held.splice(0, news < 0 ? other.held.length : news)
    for (const { event } of brought) other.heldBytes -= event.data.length
    other.reached = true
  }

  #leadWhereSilent(from: Contender, nowMillis: number): void {
    const oldest = from.held[0]
    if (oldest === undefined || nowMillis - oldest.atMillis < silenceMillis || !this.#seamless(from)) return
    this.#makeLead(from, null)
  }

  #seamless(next: Contender): boolean {
    const last = this.#last
    const first = next.held[0]?.event
    if (last === null) return true
    if (!next.reached) return false
    if (first === undefined || this.#options.rule === "connection") return true
    const position = first.position
    if (position === null || last.position === null) return false
    return this.#options.rule === "stepping"
      ? position.first === last.position.last + 1
      : position.previous === last.position.last
  }

  #noteBook(from: Contender, event: Event, verdict: Verdict, nowMillis: number): void {
    if (verdict._tag === "Gap") {
      from.whole = false
      this.#beginAnew(from)
    } else if (event.dataType === "orderbook" && event.isSnapshot) {
      this.#beginAnew(from)
      from.whole = true
      from.bookAt = nowMillis
    }
  }

  #beginAnew(from: Contender): void {
    from.held = []
    from.heldBytes = 0
    from.whole = from.reached = false
  }

  /** A hole in the numbers of the messages: how many events they held, nobody knows. */
  #messageHole(from: Contender, message: Verdict): Hole | null {
    if (message._tag !== "Gap") return null
    from.messageHole = messageGap
    from.whole = false
    if (this.#lead === from) {
      this.#options.stats.gaps++
      if (message.missing !== null) {
        this.#options.stats.gapSize.observe(message.missing.last - message.missing.first + 1)
      }
    }
    return { missing: message.missing }
  }
}

const messageGap: Verdict = { _tag: "Gap", missing: null }

/** Whether `event` is newer than `last`, which another connection may have brought: by number, and where there is none by the venue's time. */
const isAfter = (event: Event, last: Event): boolean =>
  event.position !== null && last.position !== null
    ? event.position.last > last.position.last
    : event.timestampExchange === null || last.timestampExchange === null ||
      event.timestampExchange > last.timestampExchange
