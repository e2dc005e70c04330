import type { Feed } from "../domain/Feed.ts"
import { quantity } from "../runtime/quantity.ts"
import { secondsText } from "../runtime/secondsText.ts"

/** So many feeds of a venue may be without data and still be told of one by one. */
export const fewFeeds = 3
/** How long losses are gathered before the first line for the venue: what breaks together is not noticed in one instant. */
export const gatherMillis = 1000
/** The least time between two lines for a venue while more or fewer feeds, or others, are without data. */
export const changedMillis = 30_000
/** The time between two lines for a venue when nothing changes. */
export const unchangedMillis = 300_000
/** How long only few feeds must have been left for them to be told of one by one again. */
export const settleMillis = 5000

interface Loss {
  readonly reason: string
  readonly since: number
}

/** More feeds than few are, or were until a moment ago, without data. */
interface Outage {
  /** When the first of them was lost. */
  readonly since: number
  readonly noticedAt: number
  /** Every feed that has been without data meanwhile. */
  readonly feeds: Set<string>
  /** Why, for an outage that is over before it was told. */
  reason: string
  toldAt: number | null
  told: string
  fewSince: number | null
}

/** A line for a venue. */
export interface Line {
  readonly text: string
  /** Whether every feed delivers again. */
  readonly over: boolean
}

/**
 * Which feeds of one venue are without data, and whether they are told of one by one or, when many are, in lines for the
 * venue. Times are monotonic milliseconds.
 */
export class VenueOutage {
  readonly #venue: string
  #feeds: number
  readonly #away = new Map<string, Loss>()
  #outage: Outage | null = null

  constructor(venue: string, feeds: number) {
    this.#venue = venue
    this.#feeds = feeds
  }

  /** Notes that one more feed of the venue is recorded. */
  joined(): void {
    this.#feeds++
  }

  /** Notes that a feed is not recorded any more, so that nobody misses its data. */
  left(feed: Feed): void {
    this.#feeds--
    this.#away.delete(feed.id)
    const outage = this.#outage
    outage?.feeds.delete(feed.id)
    if (outage?.feeds.size === 0) this.#outage = null
  }

  /** Notes that a feed is without data; true when a line of its own is to tell so. */
  lost(feed: Feed, reason: string, now: number): boolean {
    this.#away.set(feed.id, { reason: common(reason, feed), since: this.#away.get(feed.id)?.since ?? now })
    if (this.#outage === null && this.#away.size > fewFeeds) {
      this.#outage = {
        since: Math.min(...[...this.#away.values()].map((loss) => loss.since)),
        noticedAt: now,
        feeds: new Set(this.#away.keys()),
        reason: "",
        toldAt: null,
        told: "",
        fewSince: null
      }
    }
    const outage = this.#outage
    if (outage === null) return true
    outage.feeds.add(feed.id)
    if (outage.toldAt === null) outage.reason = this.#commonReason()
    return false
  }

  /** Notes that a feed delivers; true when it did not and a line of its own is to tell so. */
  delivers(feed: Feed): boolean {
    return this.#away.delete(feed.id) && this.#outage === null
  }

  /** The line for the venue that is due now, if one is. */
  due(now: number): Line | null {
    const outage = this.#outage
    if (outage === null) return null
    const away = this.#away.size
    if (away <= fewFeeds) {
      outage.fewSince ??= now
      if (away > 0 && now - outage.fewSince < settleMillis) return null
      this.#outage = null
      return { over: away === 0, text: this.#end(outage, now) }
    }
    outage.fewSince = null
    const told = `${away} ${this.#commonReason()}`
    const wait = outage.toldAt === null ? gatherMillis : told === outage.told ? unchangedMillis : changedMillis
    if (now - (outage.toldAt ?? outage.noticedAt) < wait) return null
    outage.toldAt = now
    outage.told = told
    return { over: false, text: this.#state(outage, now) }
  }

  #state(outage: Outage, now: number): string {
    return `${this.#away.size} of ${quantity(this.#feeds, "feed")} of ${this.#venue} are without data, the first for ${
      secondsText(now - outage.since)
    }: ${this.#commonReason()}; each tries again by itself`
  }

  #end(outage: Outage, now: number): string {
    const took = `${secondsText(now - outage.since)} after the first was lost`
    const why = outage.toldAt === null ? `: ${outage.reason}` : ""
    const back = quantity(outage.feeds.size - this.#away.size, "feed")
    if (this.#away.size === 0) return `all ${back} of ${this.#venue} that were lost deliver again, ${took}${why}`
    const left = [...this.#away].map(([id, { reason }]) => `${id} (${reason})`).join(", ")
    // The others are not recorded any more.
    if (outage.feeds.size === this.#away.size) return `still without data of ${this.#venue}: ${left}`
    return `${back} of ${this.#venue} deliver again, ${took}${why}; still without data: ${left}`
  }

  /** What most of the feeds say, and how many do where not all agree. */
  #commonReason(): string {
    const counts = new Map<string, number>()
    for (const { reason } of this.#away.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1)
    const [most] = [...counts].toSorted(([, a], [, b]) => b - a)
    if (most === undefined) return ""
    const [reason, count] = most
    return count === this.#away.size ? reason : `${reason} (${count} of them)`
  }
}

/** A reason without what is the feed's own, so that those of many feeds can be seen to be one. */
const common = (reason: string, feed: Feed): string =>
  reason
    .replaceAll(/(wss?:\/\/[^/\s:]+(?::\d+)?)\/[^\s:]*/g, "$1")
    .replaceAll(feed.symbol, "its symbol")
    .replaceAll(/\b\d+(?:\.\d+)? s\b/g, "some time")
