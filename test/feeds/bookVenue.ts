import type { ContinuityRule } from "../../src/domain/ContinuityRule.ts"
import type { BookEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import type { GapCause } from "../../src/domain/Gap.ts"
import type { ConnectionIntake } from "../../src/feeds/ConnectionIntake.ts"
import { IntakeModel } from "./intakeModel.ts"

/** What a row tells of the market: the book after so many changes, or that change. */
export interface Truth {
  readonly index: number
  readonly isSnapshot: boolean
}

export const truthOf = ({ data }: { readonly data: Buffer }): Truth => JSON.parse(data.toString())

/** A change of the market's book. */
interface Change {
  readonly id: number
  readonly previous: number
  readonly micros: number
  /** The venue counts anew, and says so with a complete book where it numbers by steps. */
  readonly reset: boolean
}

/** One path of the feed; `intake` is null while it has no connection. */
interface PathModel {
  intake: ConnectionIntake | null
  /** Changes that it holds back. */
  lag: number
  /** How many changes have been sent over its connection. */
  sent: number
  /** Messages of its connection. */
  messages: number
  last: { readonly event: BookEvent; readonly message: number } | null
  loseNext: number
  /** It has a hole, and its session may not ask for a new book yet. */
  broken: boolean
}

/** How far apart changes are: so that seconds matter. */
const stepMicros = 300_000

/** A market whose book comes over several paths, and the feed's intake. */
export class BookVenue {
  readonly rule: ContinuityRule
  readonly model: IntakeModel
  readonly changes: Array<Change> = []
  readonly paths: ReadonlyArray<PathModel>
  /** From when to when no connection delivered, or the recorder did not run. */
  readonly outages: Array<{ readonly from: number; to: number }> = []
  mayAsk = true
  #keepsFull = false
  /** After how many changes the newest complete book was that a connection began with. */
  #newestBook = 0

  constructor(rule: ContinuityRule, paths: number, joined = paths) {
    this.rule = rule
    this.model = new IntakeModel(Feed.make("bybit", "BTCUSDT", "orderbook"), rule, 4)
    this.paths = Array.from({ length: paths }, () => ({
      intake: null,
      lag: 0,
      sent: 0,
      messages: 0,
      last: null,
      loseNext: 0,
      broken: false
    }))
    this.outages.push({ from: 0, to: this.model.now })
    this.change()
    for (const path of this.paths.slice(0, joined)) this.join(path)
  }

  change(reset = false): void {
    this.model.now += stepMicros
    const before = this.changes.at(-1)?.id ?? 1_000_000
    const steps = this.rule === "linked" ? 1 + this.changes.length % 3 : 1
    const id = !reset ? before + steps : this.rule === "stepping" ? 1 : Math.floor(before / 2)
    this.changes.push({ id, previous: before, micros: this.model.now, reset })
    for (const path of this.paths) this.deliver(path)
  }

  /** Sends what the path does not hold back. */
  deliver(path: PathModel): void {
    while (path.intake !== null && path.sent < this.changes.length - path.lag) {
      const index = path.sent++
      const { id, micros, previous, reset } = this.changes[index]!
      const isSnapshot = this.rule === "none" || (reset && this.rule === "stepping")
      this.#bring(path, index, isSnapshot, id, this.rule === "linked" ? previous : null, micros)
    }
  }

  repeat(path: PathModel): void {
    if (path.intake === null || path.last === null) return
    this.model.now += 1000
    this.#receive(path, { ...path.last.event, timestampCollector: this.model.now }, path.last.message)
  }

  /** A connection opens, and the venue sends the book as it is. */
  join(path: PathModel): void {
    if (path.intake !== null) return
    const outage = this.outages.at(-1)
    path.intake = this.model.connect()
    path.sent = Math.max(1, this.changes.length - path.lag)
    path.messages = path.loseNext = 0
    this.#newestBook = Math.max(this.#newestBook, path.sent - 1)
    path.last = null
    path.broken = false
    const { id, micros } = this.changes[path.sent - 1]!
    if (outage !== undefined && outage.to === Infinity) outage.to = this.model.now
    this.#bring(path, path.sent - 1, true, id, this.rule === "linked" ? -1 : null, micros)
  }

  leave(path: PathModel, cause: GapCause | null): void {
    if (path.intake === null) return
    path.intake.leave(cause)
    path.intake = null
    // Nothing shows what was missed, should something have been; nor while the others are not as far as the newest complete book, or
    // none of them has one without a hole.
    const numbered = this.rule === "stepping" || this.rule === "linked"
    const others = this.paths.filter(({ intake }) => intake !== null)
    const behind = others.some(({ sent }) => sent <= this.#newestBook) || others.every(({ broken }) => broken)
    if (cause !== null && (!numbered || behind)) this.#mayLack()
    if (this.paths.every(({ intake }) => intake === null)) this.outages.push({ from: this.model.now, to: Infinity })
  }

  /** Time passes without a change; by no numbers can a path go on for one that holds something back. */
  wait(seconds: number): void {
    this.model.now += seconds * 1_000_000
    if (this.rule === "connection" && this.paths.some(({ intake, lag }) => intake !== null && lag > 0)) this.#mayLack()
  }

  /** Something may have been missed for a while. */
  #mayLack(): void {
    this.outages.push({ from: this.changes.at(-6)?.micros ?? 0, to: this.model.now })
  }

  /** The recorder begins anew with what `rows` tell. */
  restart(): void {
    for (const path of this.paths) path.intake = null
    this.outages.push({ from: this.model.now, to: Infinity })
    this.model.restart()
  }

  /** Nothing is written while `during` goes on. */
  whileFull(during: () => void): void {
    this.#keepsFull = true
    const from = this.model.now
    during()
    this.outages.push({ from, to: this.model.now })
    this.#keepsFull = false
    this.model.drain()
  }

  #bring(path: PathModel, index: number, isSnapshot: boolean, id: number, previous: number | null, micros: number) {
    if (path.loseNext > 0) {
      path.loseNext--
      path.messages++
      return
    }
    const numbered = this.rule === "stepping" || this.rule === "linked"
    const truth: Truth = { index, isSnapshot }
    const event: BookEvent = {
      dataType: "orderbook",
      symbol: "BTCUSDT",
      sequenceId: String(this.rule === "connection" ? path.messages : id),
      timestampCollector: this.model.now,
      timestampExchange: micros + (numbered ? 0 : this.paths.indexOf(path) * 50_000),
      data: Buffer.from(JSON.stringify(truth)),
      position: numbered ? { first: id, last: id, previous } : null,
      isSnapshot
    }
    path.last = { event, message: path.messages }
    this.#receive(path, event, path.messages++)
  }

  #receive(path: PathModel, event: BookEvent, message: number): void {
    const sequence = this.rule === "connection" ? message : null
    const hole = path.intake?.receive([event], sequence, this.model.now / 1000) ?? null
    if (!this.#keepsFull) this.model.drain()
    if (hole !== null) path.broken = true
    if (!path.broken || !this.mayAsk) return
    this.leave(path, "sequence_gap")
    this.model.now += 1000
    this.join(path)
  }
}
