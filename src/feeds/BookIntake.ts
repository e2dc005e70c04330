import type { GapLedger } from "../completeness/GapLedger.ts"
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { GapCause } from "../domain/Gap.ts"
import type { SequenceStats } from "../telemetry/SequenceStats.ts"
import type { BreakCause } from "./BookBroken.ts"
import { BookLead } from "./BookLead.ts"
import type { ConnectionIntake } from "./ConnectionIntake.ts"
import type { Passage } from "./Passage.ts"
import type { PathRace } from "./PathRace.ts"

export interface Options {
  readonly rule: ContinuityRule
  readonly stats: SequenceStats
  readonly ledger: GapLedger
  /** Null where there is one path. */
  readonly race: () => PathRace | null
  readonly passage: Passage
}

/** The intake of a feed of changes to a book: one connection is recorded, and a complete book is asked for where the record lacks changes. */
export class BookIntake {
  readonly #options: Options
  readonly #lead: BookLead
  /** The connections that have been told that a complete book is needed. */
  readonly #asked = new Set<number>()
  /** Which path a connection is of, where there are several. */
  readonly #pathOf = new Map<number, number>()

  constructor(options: Options) {
    const { ledger, passage, race, rule, stats } = options
    this.#options = options
    this.#lead = new BookLead({
      rule,
      stats,
      broken: () => ledger.brokenBy !== null,
      interrupted: (cause, connection) => ledger.interrupted(cause, connection),
      received: (event, verdict, connection) => ledger.received(event, verdict, connection),
      pass: (events, connection) => {
        race()?.won(this.#pathOf.get(connection) ?? 0, events.length)
        passage.pass(events)
      }
    })
  }

  /** Whether a connection is recorded. */
  get hasLead(): boolean {
    return this.#lead.hasLead
  }

  join(connection: number, path: number): ConnectionIntake {
    const { ledger, passage, race, rule } = this.#options
    const lead = this.#lead
    const contender = lead.join(connection)
    this.#pathOf.set(connection, path)
    return {
      // Only what it brings shows that its book is complete.
      counts: () => {},
      unreadable: () => ledger.unreadableFrame(),
      receive: (events, connectionSequence, nowMillis) => {
        const first = events[0]
        if (first === undefined) return lead.receive(contender, events, connectionSequence, nowMillis)
        passage.prepare(first.timestampCollector)
        const named = rule === "connection" ? null : race()
        if (named !== null) {
          for (const event of events) {
            if (event.dataType === "orderbook" && event.isSnapshot) continue
            named.brought(path, event.sequenceId, event.timestampCollector, true)
          }
        }
        const hole = lead.receive(contender, events, connectionSequence, nowMillis)
        ledger.frameEnded()
        if (hole !== null) return hole
        const cause = this.#needsBook(connection, lead.leads(contender))
        return cause === null ? null : { missing: null, why: breakCause(cause) }
      },
      takesOver: (nowMillis) => {
        passage.prepare(ledger.lastMicros())
        return lead.takesOver(contender, nowMillis)
      },
      leave: (cause) => {
        passage.prepare(ledger.lastMicros())
        lead.leave(contender, cause)
        this.#asked.delete(connection)
        this.#pathOf.delete(connection)
        passage.flush()
      }
    }
  }

  /** Nobody records the feed from here on. */
  stopped(): void {
    const { ledger, passage } = this.#options
    passage.prepare(ledger.lastMicros())
    this.#lead.finish()
  }

  /** Why a complete book is to be asked for, once for each connection and break, and when there is room for it; null where it is not. */
  #needsBook(connection: number, leads: boolean): GapCause | null {
    const { ledger, passage } = this.#options
    const { brokenBy } = ledger
    if (brokenBy === null) {
      if (this.#asked.size > 0) this.#asked.clear()
      return null
    }
    if (!leads || this.#asked.has(connection) || !passage.hasRoom()) return null
    this.#asked.add(connection)
    return brokenBy
  }
}

const breakCause = (cause: GapCause): BreakCause => {
  switch (cause) {
    case "disk":
    case "queue_overflow":
    case "sequence_gap":
      return cause
    // The numbers have a hole where a frame could not be read.
    case "parse_errors":
      return "sequence_gap"
    default:
      return "disconnected"
  }
}
