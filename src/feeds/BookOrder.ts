import { RecentNumbers } from "../completeness/RecentNumbers.ts"
import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Event } from "../domain/Event.ts"

/**
 * How far the venue's times of the same change may differ between two connections that number it differently. As much is recorded
 * twice when one goes on for the other, which changes no book: a level is told by what it is, not by how it changed.
 */
const sameWithinMicros = 1_000_000

/** Where an event stands, without its bytes: as long as a feed held on to its last event, it would hold on to a frame. */
export type Mark = Pick<Event, "position" | "timestampExchange">

/** What of a book has been recorded, over whichever connection: by the numbers of its changes, or by the venue's time where each connection has its own. */
export class BookOrder {
  readonly #rule: ContinuityRule
  readonly #recorded = new RecentNumbers()
  #last: Mark | null = null
  /** The complete book that was recorded last: nobody needs what came before it. */
  #book: Mark | null = null

  constructor(rule: ContinuityRule) {
    this.#rule = rule
  }

  /** The newest event that was recorded. */
  get last(): Mark | null {
    return this.#last
  }

  get numbered(): boolean {
    return this.#rule !== "connection"
  }

  recorded(event: Event): void {
    const { position, timestampExchange } = event
    this.#last = { position, timestampExchange }
    if (event.dataType === "orderbook" && event.isSnapshot) this.#book = this.#last
    if (position !== null) this.#recorded.add(position.last)
  }

  isRecorded(event: Mark): boolean {
    const { position, timestampExchange } = event
    const lastTime = this.#last?.timestampExchange ?? null
    if (position !== null) {
      // The venue may have counted anew, and used its number before.
      const isNewer = lastTime !== null && timestampExchange !== null && timestampExchange > lastTime
      return !isNewer && (this.#recorded.has(position.last) || this.#isBeforeBook(event))
    }
    return lastTime !== null && timestampExchange !== null && timestampExchange <= lastTime - sameWithinMicros
  }

  #isBeforeBook({ position, timestampExchange }: Mark): boolean {
    const book = this.#book
    if (book === null || book.timestampExchange === null || book.position === null) return false
    if (position === null || timestampExchange === null) return false
    return timestampExchange < book.timestampExchange && position.last < book.position.last
  }

  /** Whether the venue's time of `event` is not after that of the newest one recorded. */
  hasReached({ timestampExchange }: Mark): boolean {
    const lastTime = this.#last?.timestampExchange ?? null
    return lastTime !== null && timestampExchange !== null && timestampExchange <= lastTime
  }

  /** Whether `event` says by its numbers that it comes right after the newest one recorded. */
  follows({ position }: Mark): boolean {
    if (!this.numbered || this.#last === null) return true
    const before = this.#last.position
    if (position === null || before === null) return false
    return this.#rule === "stepping" ? position.first === before.last + 1 : position.previous === before.last
  }

  /** Whether the numbers prove that `event` comes right after the newest one recorded. */
  goesOnWith(event: Mark): boolean {
    return this.numbered && this.#last !== null && this.follows(event)
  }

  /** Whether it will be asked of many events. */
  expectQuestions(many: boolean): void {
    this.#recorded.expectQuestions(many)
  }
}
