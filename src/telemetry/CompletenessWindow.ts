import type { ContinuityRule } from "../domain/ContinuityRule.ts"
import type { Event } from "../domain/Event.ts"
import { type Gap, GapCause } from "../domain/Gap.ts"
import { DaySums } from "./DaySums.ts"

/** How complete a feed is, over the last day as far as it is known. */
export interface Completeness {
  /** Share that is recorded; null where nobody could prove it, or nothing is known yet. */
  readonly ratio: number | null
  /** How much of the last day it is known for. */
  readonly coveredSeconds: number
  /** In gaps that are counted by their time. */
  readonly gapSeconds: number
  /** Events that are known to be missing. */
  readonly missing: number
  readonly gapsOpen: number
}

/** What is known of a feed when its recording begins. */
export interface Beginning {
  readonly rule: ContinuityRule
  readonly startedMicros: number
  /** Receive time of its newest row from before; null where there is none. */
  readonly lastReceivedMicros: number | null
  /** Its gaps from before that are open or missing. */
  readonly gaps: ReadonlyArray<Gap>
}

/** A share with five decimals, rounded down, so that nothing but all of it is shown as such. */
export const belowOne = (ratio: number): number => Math.floor(ratio * 100_000) / 100_000

/** Gaps that can still be taken off; of more, the oldest stay as they are until their day is over. */
const remembered = 1000

/** What nobody knows the size of is never nothing. */
const shortestMicros = 1000

const recorded = 0
/** Events missing from the stretch of time in which events are counted. */
const missingOfCounted = 1
const missing = 2
const inGaps = 3

/**
 * Counts what of a feed was recorded within the last day, and what its gaps lack. A gap counts by its events where their number is
 * known, else by its time; of each only what was said last.
 */
export class CompletenessWindow {
  /** The share that the operator wants recorded; 0 for none. */
  objective = 0
  /** Gaps that were said since the start, by cause. */
  readonly gapsBy: Record<GapCause, number>
  /** Events that were missing and came late or were fetched, since the start. */
  recovered = 0
  readonly #sums = new DaySums(4)
  /** Oldest first. */
  readonly #gaps = new Map<string, Gap>()
  readonly #open = new Map<string, Gap>()
  #rule: ContinuityRule = "none"
  #startedMicros = Infinity
  #sinceMicros = Infinity

  constructor() {
    this.gapsBy = Object.fromEntries(GapCause.literals.map((cause) => [cause, 0])) as Record<GapCause, number>
  }

  /** Whether the venue's numbers show what is missing; false until the recording begins. */
  get provable(): boolean {
    return this.#rule !== "none"
  }

  /** From when on everything that is missing is in a gap, microseconds since the epoch; null until the recording begins. */
  get knownSinceMicros(): number | null {
    return this.#sinceMicros === Infinity ? null : Math.max(this.#sinceMicros, this.#sums.begunMicros)
  }

  begin({ gaps, lastReceivedMicros, rule, startedMicros }: Beginning): void {
    this.#rule = rule
    this.#startedMicros = startedMicros
    this.#sinceMicros = gaps.reduce(
      (since, { openedMicros }) => Math.min(since, openedMicros),
      Math.min(startedMicros, lastReceivedMicros ?? Infinity)
    )
    // By a clock that was set back since, they may have ended in the future.
    this.#sums.rollTo(Math.max(startedMicros, ...gaps.map(({ closedMicros }) => closedMicros ?? 0)))
    for (const gap of gaps) this.#hold(gap)
  }

  /** Events of one frame are passed on to be written. */
  record(events: ReadonlyArray<Event>, atMicros: number): void {
    this.#sums.rollTo(atMicros)
    this.#sums.add(recorded, atMicros, this.#countOf(events))
  }

  /** Of what was passed on, so much is lost. */
  lose(count: number, atMicros: number): void {
    this.#sums.add(recorded, atMicros, -count)
  }

  /** A gap is said to be as follows from now on. */
  say(gap: Gap, nowMicros: number): void {
    this.#sums.rollTo(Math.max(nowMicros, gap.closedMicros ?? 0))
    const before = this.#gaps.get(gap.id) ?? this.#open.get(gap.id)
    if (before === undefined) {
      // What is not remembered stays counted as it was.
      if (gap.revision > 1) return
      this.gapsBy[gap.cause]++
    } else {
      if (gap.revision <= before.revision) return
      this.recovered += gap.recovered - before.recovered
      this.#count(before, -1)
      this.#gaps.delete(gap.id)
      this.#open.delete(gap.id)
    }
    this.#hold(gap)
  }

  at(nowMicros: number): Completeness {
    const sums = this.#sums
    sums.rollTo(nowMicros)
    const fromMicros = Math.max(this.#sinceMicros, sums.beginsMicros)
    const covered = Math.max(0, nowMicros - fromMicros)
    let gapTime = Math.max(0, sums.total(inGaps))
    for (const { openedMicros } of this.#open.values()) {
      gapTime += Math.max(0, nowMicros - Math.max(openedMicros, fromMicros))
    }
    gapTime = Math.min(gapTime, covered)
    return {
      ratio: this.provable && covered > 0
        ? 1 - Math.max(gapTime, this.#countedLoss(nowMicros, covered)) / covered
        : null,
      coveredSeconds: covered / 1e6,
      gapSeconds: gapTime / 1e6,
      missing: Math.max(0, sums.total(missing)),
      gapsOpen: this.#open.size
    }
  }

  /** As much time as the share of events that are missing: events are counted since the start only, gaps are known from before. */
  #countedLoss(nowMicros: number, covered: number): number {
    const lost = Math.max(0, this.#sums.total(missingOfCounted))
    if (lost === 0) return 0
    const share = lost / (Math.max(0, this.#sums.total(recorded)) + lost)
    return share * Math.min(covered, Math.max(0, nowMicros - this.#startedMicros))
  }

  /** Where ids follow each other what is missing is counted in ids, and one event may have several. */
  #countOf(events: ReadonlyArray<Event>): number {
    if (this.#rule !== "consecutive" && this.#rule !== "stepping") return events.length
    let count = 0
    for (const { position } of events) count += position === null ? 1 : position.last - position.first + 1
    return count
  }

  #hold(gap: Gap): void {
    if (gap.status === "open") this.#open.set(gap.id, gap)
    if (gap.status !== "missing") return
    this.#gaps.set(gap.id, gap)
    this.#count(gap, 1)
    if (this.#gaps.size <= remembered) return
    for (const oldest of this.#gaps.keys()) {
      this.#gaps.delete(oldest)
      break
    }
  }

  #count(gap: Gap, sign: 1 | -1): void {
    const { closedMicros, openedMicros } = gap
    if (closedMicros === null) return
    const beforeCounting = openedMicros < this.#startedMicros
    if (gap.missing !== null) {
      this.#sums.add(missing, closedMicros, sign * gap.missing)
      if (!beforeCounting) this.#sums.add(missingOfCounted, closedMicros, sign * gap.missing)
    }
    if (gap.missing === null || beforeCounting || !this.provable) {
      this.#sums.addSpan(inGaps, openedMicros, Math.max(closedMicros, openedMicros + shortestMicros), sign)
    }
  }
}
