// @ts-check
/** @import { FeedRow, Hello } from "../LiveMessages.ts" */

/**
 * What a feed's state means for who looks: `down` needs a look, `opening` is on its way for the first time.
 * @typedef {"live" | "stale" | "opening" | "down"} Group
 */

/** Gravest first, as they are sorted. */
export const groups = /** @type {const} */ (["down", "stale", "opening", "live"])

/**
 * Each with a shape of its own, for those who do not tell red from green.
 * @type {Readonly<Record<Group, string>>}
 */
export const signs = { down: "✕", stale: "▲", opening: "○", live: "●" }

const dayMillis = 86_400_000

/** One feed as the page knows it. */
export class Feed {
  /** @type {FeedRow[1]} */
  state = "starting"
  rate = 0
  /** @type {number | null} */
  lastEventAt = null
  /** @type {number | null} */
  latencyMillis = null
  dropped = 0
  reconnects = 0
  /** @type {number | null} */
  nextAttemptAt = null
  /** @type {string | null} */
  reason = null
  /** @type {string | null} */
  openFile = null
  openFileBytes = 0
  stateSince = 0
  /**
   * Share that is recorded; false where nobody could prove it, null where nothing is known yet.
   * @type {number | false | null}
   */
  complete = null
  gapSeconds = 0
  /** @type {number | null} */
  knownSince = null

  /**
   * @param {Hello["feeds"][number]} described
   * @param {number} index
   */
  constructor({ dataType, exchange, objective, sparkline, symbol }, index) {
    this.index = index
    this.exchange = exchange
    this.symbol = symbol
    this.dataType = dataType
    this.objective = objective
    this.id = `${exchange}/${symbol}/${dataType}`
    this.points = Float64Array.from(sparkline)
  }

  /** @param {FeedRow} row */
  update(row) {
    ;[
      ,
      this.state,
      this.stateSince,
      this.rate,
      this.lastEventAt,
      this.latencyMillis,
      this.dropped,
      this.reconnects,
      this.nextAttemptAt,
      this.reason,
      this.openFileBytes,
      this.openFile,
      this.complete,
      this.gapSeconds,
      this.knownSince
    ] = row
  }

  /** @param {number} value events per second */
  addPoint(value) {
    this.points.copyWithin(0, 1)
    this.points[this.points.length - 1] = value
  }

  /**
   * Whether more is missing than may be within a whole day, however little of it has passed.
   * @param {number} now by the recorder's clock
   */
  lacksTooMuch(now) {
    const { complete, knownSince, objective } = this
    if (typeof complete !== "number" || knownSince === null || objective === 0) return false
    return (1 - complete) * Math.min(now - knownSince, dayMillis) > (1 - objective) * dayMillis
  }

  /**
   * A feed that tries to come back is still down: its reason goes when it is live again.
   * @returns {Group}
   */
  get group() {
    if (this.state === "live" || this.state === "stale") return this.state
    const opens = this.state === "starting" || this.state === "connecting" || this.state === "subscribing"
    return opens && this.reason === null ? "opening" : "down"
  }
}
