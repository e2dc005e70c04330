import * as ConnectionContinuity from "../completeness/ConnectionContinuity.ts"
import * as Continuity from "../completeness/Continuity.ts"
import { inOrder, type Verdict } from "../completeness/Verdict.ts"
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Event } from "../domain/Event.ts"
import type { GapCause } from "../domain/Gap.ts"
import type { SequenceStats } from "../telemetry/SequenceStats.ts"
import type { Hole } from "./BookBroken.ts"
import { BookOrder } from "./BookOrder.ts"
import { countVerdict } from "./countVerdict.ts"
import { HeldChanges } from "./HeldChanges.ts"

/** After this long without a word from the leading connection, another one that has news leads. */
const silenceMillis = 1000

/** How long a successor waits for the leading connection to come as far as the book that the successor began with. */
const catchUpMillis = 2000

/** One connection among those that bring the same book. */
export interface Contender {
  readonly connection: number
  readonly continuity: Continuity.Continuity
  readonly judgeMessage: (sequence: number) => Verdict
  /** What it has brought, and the leading connection has not. */
  readonly held: HeldChanges
  /** It has a complete book, and every change since. */
  whole: boolean
  /** When its complete book came, monotonic milliseconds. */
  bookAt: number
  /** When it was heard last, and when it brought an event last, monotonic milliseconds. */
  heardAt: number
  broughtAt: number
  /** A hole in the numbering of its messages, to be told with its next event. */
  messageHole: Verdict | null
  /** It leads, and may still bring what the one that led before it has brought. */
  behind: boolean
}

export interface Options {
  readonly rule: ContinuityRule
  readonly stats: SequenceStats
  /** Whether the book as it is recorded lacks changes, so that only a complete one helps. */
  readonly broken: () => boolean
  readonly interrupted: (cause: GapCause, connection: number | null) => void
  readonly received: (event: Event, verdict: Verdict, connection: number) => void
  readonly pass: (events: ReadonlyArray<Event>, connection: number) => void
}

/**
 * Chooses among the connections of a feed of changes to a book. A change is of use only after all before it, so one connection leads and
 * is recorded; the others hold what it has not brought yet, and one of them goes on where it ends, at best without a hole.
 */
export class BookLead {
  readonly #options: Options
  readonly #contenders = new Set<Contender>()
  readonly #order: BookOrder
  #lead: Contender | null = null
  /** Recorded, and not passed on yet. */
  #passing: Array<Event> = []

  constructor(options: Options) {
    this.#options = options
    this.#order = new BookOrder(options.rule)
  }

  join(connection: number): Contender {
    const contender: Contender = {
      connection,
      continuity: Continuity.make(this.#options.rule),
      judgeMessage: ConnectionContinuity.make(),
      held: new HeldChanges(this.#order),
      whole: false,
      bookAt: 0,
      heardAt: 0,
      broughtAt: 0,
      messageHole: null,
      behind: false
    }
    this.#contenders.add(contender)
    this.#order.expectQuestions(this.#contenders.size > 1)
    return contender
  }

  /** Whether this is the connection that is recorded; where none is, one that comes will be. */
  leads(contender: Contender): boolean {
    return this.#lead === contender
  }

  get hasLead(): boolean {
    return this.#lead !== null
  }

  receive(from: Contender, events: ReadonlyArray<Event>, sequence: number | null, nowMillis: number): Hole | null {
    from.heardAt = nowMillis
    if (events.length > 0) from.broughtAt = nowMillis
    const message = this.#options.rule === "connection" && sequence !== null ? from.judgeMessage(sequence) : inOrder
    if (message._tag === "Duplicate") {
      if (this.#lead === from) this.#options.stats.duplicates += events.length
      return null
    }
    if (events.length > 0) this.#lead ??= from
    let hole = this.#messageHole(from, message)
    for (const event of events) {
      // Messages are numbered where their events are not.
      let verdict = from.messageHole ?? (message._tag === "OutOfOrder" ? message : from.continuity.judge(event))
      from.messageHole = null
      // What it has lost, another connection has brought.
      if (verdict._tag === "Gap" && this.#lead === from && from.behind && this.#order.goesOnWith(event)) {
        verdict = inOrder
      }
      if (verdict._tag === "Gap") hole ??= { missing: verdict.missing, why: "sequence_gap" }
      this.#noteBook(from, event, verdict, nowMillis)
      if (this.#lead === from && verdict._tag === "Gap") this.#succeed(null)
      if (this.#lead !== from && isSnapshot(event) && this.#options.broken()) this.#makeLead(from, null, false)
      if (this.#lead === from) this.#record(from, event, verdict)
      else if (!this.#hold(from, event, verdict, nowMillis)) hole ??= { missing: null, why: "queue_overflow" }
    }
    this.#flush()
    if (this.#contenders.size > 1) this.#heal()
    if (this.#lead !== from) this.#leadWhereSilent(from, nowMillis)
    return hole
  }

  /** Lets the connection lead as soon as nothing is lost by that; true when whichever it is to replace may go. */
  takesOver(contender: Contender, nowMillis: number): boolean {
    if (this.#lead === contender) return true
    if (!contender.whole) return false
    if (!contender.held.seamless() && nowMillis - contender.bookAt < catchUpMillis) return false
    // A lead that is quiet, and alive, has brought all there was: without numbers, nothing but a book says otherwise.
    const alive = this.#lead === null || this.#lead.heardAt >= contender.bookAt
    const quiet = this.#options.rule === "connection" && contender.held.size <= 1 && alive
    this.#makeLead(contender, quiet ? null : "sequence_gap")
    return true
  }

  /** The connection has ended, for `cause`; null where it was replaced. */
  leave(contender: Contender, cause: GapCause | null): void {
    this.#contenders.delete(contender)
    if (this.#lead === contender && !this.#succeed(cause ?? "disconnected")) {
      this.#lead = null
      this.#options.interrupted(cause ?? "disconnected", contender.connection)
    } else if (this.#lead === null && cause !== null) {
      // It has ended without having brought anything.
      this.#options.interrupted(cause, contender.connection)
    }
    this.#order.expectQuestions(this.#contenders.size > 1)
  }

  /** Nobody records from here on: what another connection has brought, and the leading one has not, is recorded where nothing is missing before it. */
  finish(): void {
    for (const other of this.#contenders) {
      if (other !== this.#lead && other.whole && other.held.seamless() && other.held.size > 0) {
        return this.#makeLead(other, null)
      }
    }
  }

  /** Lets the best of the others lead; without a cause only one that goes on without a hole. */
  #succeed(cause: GapCause | null): boolean {
    const others = [...this.#contenders].filter((other) => other !== this.#lead && other.whole)
    const next = others.find(({ held }) => held.seamless()) ?? (cause === null ? undefined : others[0])
    if (next === undefined) return false
    this.#makeLead(next, cause)
    return true
  }

  /** `cause` is that of the hole, should there be one; what is recorded already is not recorded again, unless the book that it changed was broken. */
  #makeLead(next: Contender, cause: GapCause | null, prune = true): void {
    this.#flush()
    if (prune) next.held.prune()
    if (cause !== null && !next.held.seamless()) this.#options.interrupted(cause, this.#lead?.connection ?? null)
    this.#lead?.held.beginLevel()
    this.#lead = next
    const held = next.held.takeAll()
    next.behind = prune && held.length === 0
    for (const { event, verdict } of held) this.#record(next, event, verdict)
    this.#flush()
  }

  #record(from: Contender, event: Event, verdict: Verdict): void {
    if (from.behind) {
      if (this.#order.isRecorded(event)) {
        from.held.skip(event)
        return
      }
      from.behind = false
      const follows = from.held.endsLevel() || this.#order.follows(event)
      if (!follows) this.#options.interrupted("sequence_gap", from.connection)
    }
    // What is said of a gap stands between the events before and after it.
    if (verdict._tag !== "InOrder" && verdict._tag !== "Unverifiable") this.#flush()
    this.#options.received(event, verdict, from.connection)
    // Counted when it was found.
    if (verdict !== messageGap && !countVerdict(this.#options.stats, verdict)) return
    if (verdict._tag !== "OutOfOrder") this.#order.recorded(event)
    this.#passing.push(event)
  }

  #flush(): void {
    const events = this.#passing
    if (events.length === 0 || this.#lead === null) return
    this.#passing = []
    this.#options.pass(events, this.#lead.connection)
  }

  /** False where there was no room, so that it needs a complete book. */
  #hold(from: Contender, event: Event, verdict: Verdict, nowMillis: number): boolean {
    if (!from.whole || verdict._tag === "Duplicate" || verdict._tag === "OutOfOrder") return true
    from.held.prune()
    if (from.held.size === 0 && this.#order.isRecorded(event)) {
      from.held.skip(event)
      return true
    }
    // A hole before a complete book is none of that book.
    if (from.held.add(event, verdict._tag === "Gap" ? inOrder : verdict, nowMillis)) return true
    this.#beginAnew(from)
    return false
  }

  #leadWhereSilent(from: Contender, nowMillis: number): void {
    from.held.prune()
    const oldest = from.held.oldestNews()
    if (oldest === null) return
    if (nowMillis - oldest.atMillis >= silenceMillis && from.held.seamless()) return this.#makeLead(from, null)
    const newsAt = from.held.oldestChange()?.atMillis ?? nowMillis
    const heardAt = this.#lead?.broughtAt ?? nowMillis
    if (from.whole && nowMillis - Math.max(newsAt, heardAt) >= catchUpMillis) this.#makeLead(from, "stale")
  }

  /** A book that lacks changes is of no use as long as another connection has a complete one. */
  #heal(): void {
    if (!this.#options.broken()) return
    for (const other of this.#contenders) {
      if (other !== this.#lead && other.whole && other.held.beginWithBook()) return this.#makeLead(other, null, false)
    }
  }

  #noteBook(from: Contender, event: Event, verdict: Verdict, nowMillis: number): void {
    if (isSnapshot(event)) {
      if (!from.whole) from.held.forget()
      from.whole = true
      from.bookAt = nowMillis
    } else if (verdict._tag === "Gap") this.#beginAnew(from)
  }

  #beginAnew(from: Contender): void {
    from.held.forget()
    from.whole = false
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
    return { missing: message.missing, why: "sequence_gap" }
  }
}

const messageGap: Verdict = { _tag: "Gap", missing: null }

const isSnapshot = (event: Event): boolean => event.dataType === "orderbook" && event.isSnapshot
