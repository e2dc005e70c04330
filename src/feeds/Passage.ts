import type { Event, GapEvent } from "../domain/Event.ts"
import type { Feed } from "../domain/Feed.ts"
import type { Gap } from "../domain/Gap.ts"
import type { FeedStats } from "../telemetry/Telemetry.ts"
import type { EventQueue } from "./EventQueue.ts"
import { gapRow } from "./gapRow.ts"

export interface Options {
  readonly feed: Feed
  readonly stats: FeedStats
  readonly queue: EventQueue
  /** The present, microseconds since the epoch. */
  readonly nowMicros: () => number
  /** There is room for events, the first of which was received then. */
  readonly roomAgain: (firstMicros: number) => void
  /** These events go on to be written. */
  readonly written: (events: ReadonlyArray<Event>) => void
  /** Hears of everything that is passed on, whether there is room for it or not. */
  readonly passed: (events: ReadonlyArray<Event>) => void
  /** There was no room for these events. */
  readonly dropped: (events: ReadonlyArray<Event>) => void
}

/** The way of a feed's rows to its sinks: events as far as there is room, and what is said of gaps in its place among them. */
export class Passage {
  readonly #options: Options
  #before: Array<GapEvent> = []
  #behind: Array<GapEvent> = []

  constructor(options: Options) {
    this.#options = options
  }

  /** Has a statement written before the events that are passed on next, or behind them. */
  say(gap: Gap, behind: boolean): void {
    const { feed, nowMicros, stats } = this.#options
    const row = gapRow(feed, gap, nowMicros())
    stats.completeness.say(gap, row.timestampCollector)
    if (behind) this.#behind.push(row)
    else this.#before.push(row)
  }

  /** Whether events that are passed on now are written. */
  hasRoom(): boolean {
    return this.#options.queue.hasRoom()
  }

  /** Events are about to be judged, the first of which was received then: what is said of dropped ones comes before them. */
  prepare(firstMicros: number): void {
    if (this.hasRoom()) this.#options.roomAgain(firstMicros)
  }

  /** Passes events on, with what is to be said before and behind them. */
  pass(events: ReadonlyArray<Event>): void {
    const { dropped, passed, queue, stats, written } = this.#options
    const first = events[0]
    if (first === undefined) return this.flush()
    stats.events += events.length
    passed(events)
    if (queue.hasRoom()) {
      this.#flushBefore()
      // Before they are handed on: a sink may take them at once, and say that it lost them.
      stats.eventsQueued += events.length
      stats.completeness.record(events, first.timestampCollector)
      written(events)
      queue.put(events)
    } else {
      this.#flushBefore()
      stats.dropped += events.length
      dropped(events)
    }
    this.flush()
  }

  /** Has what was said written. */
  flush(): void {
    this.#flushBefore()
    if (this.#behind.length === 0) return
    this.#options.queue.put(latestOf(this.#behind.splice(0)))
  }

  #flushBefore(): void {
    if (this.#before.length > 0) this.#options.queue.put(latestOf(this.#before.splice(0)))
  }
}

/** A gap that a page of trades fills, or that grows with each row, says once where it stands. */
const latestOf = (rows: ReadonlyArray<GapEvent>): ReadonlyArray<GapEvent> =>
  rows.length === 1 ? rows : [...new Map(rows.map((row) => [row.gap.id, row])).values()]
