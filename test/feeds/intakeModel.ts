import { Effect } from "effect"
import type { ContinuityRule } from "../../src/domain/ContinuityRule.ts"
import type { Event, Row } from "../../src/domain/Event.ts"
import type { Feed } from "../../src/domain/Feed.ts"
import type { Gap } from "../../src/domain/Gap.ts"
import { idOf, parse } from "../../src/domain/GapIds.ts"
import * as EventQueue from "../../src/feeds/EventQueue.ts"
import type { ConnectionIntake } from "../../src/feeds/ConnectionIntake.ts"
import { FeedIntake } from "../../src/feeds/FeedIntake.ts"
import type { FeedMemory } from "../../src/feeds/FeedMemory.ts"
import * as PathStats from "../../src/telemetry/PathStats.ts"
import { type FeedStats, makeStats } from "../../src/telemetry/Telemetry.ts"

/** The newest statement about each gap, in the order in which they were first said. */
export const standingGaps = (rows: ReadonlyArray<Row>): ReadonlyArray<Gap> => {
  const gaps = new Map<string, Gap>()
  for (const row of rows) {
    if (row.dataType !== "gap") continue
    const before = gaps.get(row.gap.id)
    if (before !== undefined && row.gap.revision <= before.revision) {
      throw new Error(`${row.gap.id} went from revision ${before.revision} to ${row.gap.revision}`)
    }
    gaps.set(row.gap.id, row.gap)
  }
  return [...gaps.values()]
}

export const eventsOf = (rows: ReadonlyArray<Row>): ReadonlyArray<Event> =>
  rows.flatMap((row) => row.dataType === "gap" ? [] : [row])

const isGap = (row: Row | undefined): boolean => row?.dataType === "gap"

/** What the files tell of a feed whose durable rows are `rows`. */
export const memoryOf = (rows: ReadonlyArray<Row>): FeedMemory => {
  const events = eventsOf(rows)
  const last = events.at(-1)
  const gaps = standingGaps(rows).filter(({ status }) => status === "open" || status === "missing")
  if (last === undefined) return { tail: null, gaps }
  const ids = events.map(({ sequenceId }) => sequenceId)
  const highest = ids.reduce((a, b) => Number(b) > Number(a) ? b : a)
  return {
    tail: {
      lastId: highest,
      lastReceivedMicros: last.timestampCollector,
      lastExchangeMicros: Math.max(...events.map(({ timestampExchange }) => timestampExchange ?? 0)),
      recentIds: ids.slice(-512)
    },
    gaps
  }
}

/** A feed's intake whose rows end up in a list, as they would be written. */
export class IntakeModel {
  readonly feed: Feed
  readonly rule: ContinuityRule
  readonly capacity: number
  rows: Array<Row> = []
  stats: FeedStats
  /** Microseconds. */
  now = 1_000_000_000_000_000
  connections = 0
  /** How often it was said that something could be fetched. */
  missing = 0
  #intake: FeedIntake
  #queue: EventQueue.EventQueue

  constructor(feed: Feed, rule: ContinuityRule, capacity = 1_000_000, paths = 1) {
    this.feed = feed
    this.rule = rule
    this.capacity = capacity
    this.stats = makeStats(feed)
    this.stats.paths = PathStats.ofPaths(paths)
    ;[this.#queue, this.#intake] = this.#make()
  }

  get intake(): FeedIntake {
    return this.#intake
  }

  connect(path = 0): ConnectionIntake {
    return this.#intake.join(++this.connections, path)
  }

  /** Writes what waits. */
  drain(): void {
    Effect.runSync(this.#queue.end)
    try {
      while (true) this.rows.push(...Effect.runSync(this.#queue.take))
    } catch {
      this.#queue = Effect.runSync(EventQueue.make(this.capacity))
      this.#intake.drained()
    }
  }

  /**
   * Loses about so many of the newest rows. Statements that are said together become durable together; the very first row stays, for
   * without it nobody knows that there was a feed.
   */
  lose(count: number): void {
    let from = Math.max(1, this.rows.length - count)
    while (from < this.rows.length && isGap(this.rows[from]) && isGap(this.rows[from - 1])) from--
    this.rows.splice(from)
  }

  /** Gaps of this run that no row tells of. */
  get untold(): ReadonlyArray<string> {
    const newest = parse(this.stats.newestGap ?? "")
    if (newest === null) return []
    const said = new Set(standingGaps(this.rows).map(({ id }) => id))
    return Array.from({ length: newest.number }, (_, index) => idOf(newest.run, index + 1)).filter((id) =>
      !said.has(id)
    )
  }

  /** Begins anew with what the rows tell. */
  restart(): void {
    this.now += 1000
    this.stats = makeStats(this.feed)
    ;[this.#queue, this.#intake] = this.#make()
  }

  #make(): [EventQueue.EventQueue, FeedIntake] {
    const own = { queue: Effect.runSync(EventQueue.make(this.capacity)) }
    this.#queue = own.queue
    // The queue is emptied by ending it, so another one takes its place each time.
    const queue: EventQueue.EventQueue = {
      hasRoom: () => this.#queue.hasRoom(),
      put: (rows) => this.#queue.put(rows),
      take: Effect.suspend(() => this.#queue.take),
      end: Effect.suspend(() => this.#queue.end)
    }
    const intake = new FeedIntake({
      feed: this.feed,
      rule: this.rule,
      stats: this.stats,
      queue,
      before: memoryOf(this.rows),
      nowMicros: () => this.now,
      onRecorded: () => {},
      onMissing: () => void this.missing++
    })
    return [this.#queue, intake]
  }
}
