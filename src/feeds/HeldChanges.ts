import type { Verdict } from "../completeness/Verdict.ts"
import type { Event } from "../domain/Event.ts"
import type { BookOrder, Mark } from "./BookOrder.ts"

/** Bytes of events that a connection which does not lead holds; of more, it begins anew with the next complete book. */
const maxBytes = 8 * 1024 * 1024

export interface Held {
  readonly event: Event
  readonly verdict: Verdict
  readonly atMillis: number
}

/** What a connection has brought of a book and the leading one has not, without a hole since its complete book. */
export class HeldChanges {
  readonly #order: BookOrder
  #items: Array<Held> = []
  #bytes = 0
  /** The leading connection has brought all that came before `#items`; `#preceding` is the number of the last of that. */
  #level = false
  #preceding: number | null = null
  /** Where nothing is numbered: the newest that it brought while it led, which the one that leads now may not have reached. */
  #ledUntil: Mark | null = null

  constructor(order: BookOrder) {
    this.#order = order
  }

  get size(): number {
    return this.#items.length
  }

  /** Adds what the leading connection has not brought; false where it finds no room. */
  add(event: Event, verdict: Verdict, atMillis: number): boolean {
    this.#items.push({ event, verdict, atMillis })
    this.#bytes += event.data.length
    return this.#bytes <= maxBytes
  }

  /** Takes note of an event that has been recorded. */
  skip({ position }: Mark): void {
    this.#level = true
    this.#preceding = position?.last ?? null
    this.#ledUntil = null
  }

  /** The connection led until now, and all that it brought is recorded. */
  beginLevel(): void {
    this.forget()
    if (this.#order.last === null) return
    this.skip(this.#order.last)
    if (!this.#order.numbered) this.#ledUntil = this.#order.last
  }

  /** Takes out what has been recorded meanwhile. */
  prune(): void {
    const news = this.#items.findLastIndex(({ event }) => this.#order.isRecorded(event)) + 1
    if (news === 0) return
    const recorded = this.#items.splice(0, news)
    for (const { event } of recorded) this.#bytes -= event.data.length
    this.skip(recorded.at(-1)!.event)
  }

  forget(): void {
    this.#items = []
    this.#bytes = 0
    this.#level = false
    this.#preceding = null
    this.#ledUntil = null
  }

  takeAll(): ReadonlyArray<Held> {
    this.#bytes = 0
    return this.#items.splice(0)
  }

  /** Whether the newest event recorded is the one before those held. */
  endsLevel(): boolean {
    if (!this.#order.numbered) return this.#level
    const last = this.#order.last?.position ?? null
    return this.#level && last !== null && this.#preceding === last.last
  }

  /** Whether nothing is missing between what is recorded and what is held, or will come. */
  seamless(): boolean {
    this.prune()
    if (this.#order.last === null) return true
    if (this.#ledUntil !== null && !this.#order.hasReached(this.#ledUntil)) return false
    const first = this.#items[0]?.event
    // It has brought less than is recorded, or as much.
    if (first === undefined) return this.#level
    if (!this.#order.numbered && isBook(first)) return this.#order.hasReached(first)
    return this.endsLevel() || (this.#order.numbered && this.#order.follows(first))
  }

  /** Forgets what came before the newest complete book; false where there is none. */
  beginWithBook(): boolean {
    const book = this.#items.findLastIndex(({ event }) => isBook(event))
    if (book > 0) { for (const { event } of this.#items.splice(0, book)) this.#bytes -= event.data.length }
    return book >= 0
  }

  /** The oldest that the leading connection has certainly not brought. */
  oldestNews(): Held | null {
    if (this.#order.numbered) return this.#items[0] ?? null
    return this.#items.find(({ event }) => !this.#order.hasReached(event)) ?? null
  }

  /** As that, but for a book where nothing is numbered: the leading connection need not bring it. */
  oldestChange(): Held | null {
    if (this.#order.numbered) return this.oldestNews()
    return this.#items.find(({ event }) => !isBook(event) && !this.#order.hasReached(event)) ?? null
  }
}

const isBook = (event: Event): boolean => event.dataType === "orderbook" && event.isSnapshot
