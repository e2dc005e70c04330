import { type FeedLabels, feedLabels } from "../domain/feedLabels.ts"
import { type Shard, shardText } from "../domain/Shard.ts"
import { bytesText } from "../runtime/bytesText.ts"
import { quantity } from "../runtime/quantity.ts"
import { secondsText } from "../runtime/secondsText.ts"
import { belowOne } from "./CompletenessWindow.ts"
import type { Space } from "./DiskSpace.ts"
import type { FeedHistory } from "./FeedHistory.ts"
import type { Phase } from "./ProcessStats.ts"
import { sampleMillis } from "./RecentLooks.ts"
import { sumOver } from "./sumOver.ts"
import type { FeedState, FeedStats, Telemetry } from "./Telemetry.ts"
import type { WriteHistory } from "./WriteHistory.ts"

/** `unhealthy`: nothing is recorded, or rows are being lost to the disk, or a crash would lose many. `degraded`: something needs a look. */
export type Status = "healthy" | "degraded" | "unhealthy"

/** Why a recorder is not healthy. */
export const reasonCodes = [
  "starting",
  "not_ready",
  "stopping",
  "no_connections",
  "no_feeds",
  "rows_lost",
  "nothing_kept",
  "disk_stuck",
  "write_errors",
  "disk_low",
  "partial_connections",
  "stale_feed",
  "rejected_subscription",
  "backpressure",
  "parse_errors",
  "uploads_behind"
] as const
export type ReasonCode = (typeof reasonCodes)[number]

/** One thing that is not as it should be. */
export interface Reason {
  readonly code: ReasonCode
  readonly text: string
}

/** One feed, as `GET /health` shows it. */
export interface FeedHealth extends FeedLabels {
  readonly state: FeedState
  /** ISO 8601, UTC. */
  readonly state_since: string
  /** Why it is not live; null where it is. */
  readonly reason: string | null
  readonly last_event_age_seconds: number | null
  /** Of the last ten seconds. */
  readonly events_per_second: number
  /** Mean of the last ten seconds from the venue's time to ours; null where the venue sends none. */
  readonly latency_ms: number | null
  readonly messages_dropped: number
  readonly reconnects: number
  readonly next_retry_in_seconds: number | null
  /** Share that is recorded, of the last day as far as it is known; null where nobody could prove it. */
  readonly completeness_ratio: number | null
  readonly completeness_covered_seconds: number
  readonly gap_seconds: number
}

/** What `GET /health` answers. */
export interface Health {
  readonly status: Status
  readonly phase: Phase
  readonly uptime_seconds: number
  /** Which of several processes this is that share the feeds, from 0; null for the only one. */
  readonly shard: Shard | null
  /** `up` counts feeds whose connection is open. */
  readonly connections: { readonly up: number; readonly total: number }
  /** Events of all feeds that found no room in their queue. */
  readonly messages_dropped: number
  /** All reasons in one line; null while healthy. */
  readonly degraded_reason: string | null
  readonly reasons: ReadonlyArray<Reason>
  readonly feeds: ReadonlyArray<FeedHealth>
}

/** What the state is judged from. */
export interface Evidence {
  readonly telemetry: Telemetry["Service"]
  readonly history: (stats: FeedStats) => FeedHistory
  readonly writes: WriteHistory
  readonly disks: ReadonlyArray<Readonly<Space>>
  /** How old a file becomes before it is sealed. */
  readonly maxFileAgeMillis: number
  readonly nowMillis: number
}

/** With less room than this on a disk, somebody should make some. */
export const lowDiskBytes = 1024 ** 3
/** How long no feed may deliver before that is more than a reconnect. */
export const silenceMillis = 30_000
/** How long a disk may take to answer before that is told. */
export const slowDiskMillis = 30_000
/** How long it may take before what came meanwhile is called unsafe. */
export const stuckDiskMillis = 60_000
/** How long a start, and the recovery within it, may take before somebody should look. */
export const startMillis = 10 * 60_000
/** How long a sealed file may wait for its store. */
const uploadGraceMillis = 15 * 60_000

const seconds = (millis: number): number => Math.round(millis / 100) / 10

/** Nothing is recorded: no feed is live, and none had an event for so long that it is no reconnect. */
const isSilent = ({ history, telemetry }: Evidence): boolean => {
  const feeds = telemetry.all()
  return feeds.length > 0
    && telemetry.process.phaseMillis >= silenceMillis
    && feeds.every(({ state }) => state !== "live")
    && sumOver(feeds, (stats) => history(stats).eventsWithin(silenceMillis / sampleMillis)) === 0
}

/**
 * Whether a feed is connected and known to deliver nothing. One that comes back after a trouble has its reason until it is live:
 * a venue that takes subscriptions and never delivers would else look well for a message timeout after each reconnect.
 */
export const isMute = ({ connected, reason, state }: FeedStats): boolean =>
  connected && state !== "live" && state !== "rejected" && (state === "stale" || reason !== null)

const nothingToRecord = (shard: Shard | null): string =>
  shard === null
    ? "there are no feeds to record"
    : `none of the feeds is for this process, ${shardText(shard)}: fewer would do`

/** What is wrong, gravest first. */
export const reasonsOf = (evidence: Evidence): ReadonlyArray<Reason> => {
  const { disks, history, maxFileAgeMillis, nowMillis, telemetry, writes } = evidence
  const { process, storage, uploads } = telemetry
  const feeds = telemetry.all()
  const reasons: Array<Reason> = []
  const because = (code: ReasonCode, text: string) => reasons.push({ code, text })
  const sumOfMinute = (counter: Parameters<FeedHistory["lastMinute"]>[0]) =>
    sumOver(feeds, (stats) => history(stats).lastMinute(counter))

  if (process.phase === "starting") because("starting", "the recorder is starting")
  if (process.phase === "recovering") {
    because("starting", "what an earlier run left is put in order; nothing is recorded yet")
  }
  if ((process.phase === "starting" || process.phase === "recovering") && process.uptimeMillis >= startMillis) {
    because("not_ready", `nothing is recorded yet, ${secondsText(process.uptimeMillis)} after the start`)
  }
  if (process.phase === "stopping") because("stopping", "the recorder is stopping")
  if (process.phase === "recording") {
    const up = feeds.filter(({ connected }) => connected).length
    if (feeds.length === 0) because("no_feeds", nothingToRecord(process.shard))
    if (isSilent(evidence)) {
      because(
        "no_connections",
        `no feed delivers (${up} of ${quantity(feeds.length, "feed")} are connected), and no event came for ${
          secondsText(silenceMillis)
        } or more`
      )
    } else if (up < feeds.length) {
      because("partial_connections", `${feeds.length - up} of ${quantity(feeds.length, "feed")} are not connected`)
    }
  }
  const lost = writes.lastMinute("rowsLost")
  if (lost > 0) {
    because("rows_lost", `${quantity(lost, "row")} could not be written within the last minute and are lost`)
  }
  const dropped = sumOfMinute("dropped")
  if (dropped > 0 && dropped >= sumOfMinute("events")) {
    because("nothing_kept", "nothing is recorded: everything that came within the last minute found no room")
  }
  const waited = storage.disk.longestMillis
  if (waited >= stuckDiskMillis) {
    because("disk_stuck", `what has come for ${secondsText(waited)} may be in memory alone`)
  }
  if (storage.problem !== null) because("write_errors", `the journal cannot be written: ${storage.problem}`)
  else if (waited >= slowDiskMillis) because("write_errors", `the disk has not answered for ${secondsText(waited)}`)
  else if (writes.lastMinute("writeErrors") > 0) {
    because("write_errors", "files could not be written within the last minute")
  }
  for (const { freeBytes, name, path } of disks) {
    if (freeBytes === null || freeBytes >= lowDiskBytes) continue
    because("disk_low", `${bytesText(freeBytes)} are free for ${name} in ${path}; make room`)
  }
  const mute = feeds.filter(isMute).length
  if (mute > 0) {
    because(
      "stale_feed",
      `no market data from ${quantity(mute, "feed")} for longer than the message timeout, or since the last trouble`
    )
  }
  const rejected = feeds.filter(({ state }) => state === "rejected").length
  if (rejected > 0) {
    because(
      "rejected_subscription",
      `${quantity(rejected, "subscription")} rejected by the venue; see the feed's reason`
    )
  }
  if (dropped > 0) {
    because(
      "backpressure",
      `${quantity(dropped, "event")} dropped within the last minute, for they came faster than they could be written`
    )
  }
  const unreadable = sumOfMinute("parseErrors")
  if (unreadable > 0) {
    because("parse_errors", `${quantity(unreadable, "frame")} could not be read within the last minute`)
  }
  if (uploads.problem !== null) because("uploads_behind", `sealed files are not stored: ${uploads.problem}`)
  else if (
    uploads.oldestWaitingMillis !== null
    && nowMillis - uploads.oldestWaitingMillis > maxFileAgeMillis + uploadGraceMillis
  ) {
    because(
      "uploads_behind",
      `${quantity(uploads.filesOnDisk, "sealed file")} wait to be stored, the oldest for too long`
    )
  }
  return reasons
}

const unhealthy: ReadonlySet<ReasonCode> = new Set([
  "not_ready",
  "no_connections",
  "rows_lost",
  "nothing_kept",
  "disk_stuck"
])

const statusOf = (reasons: ReadonlyArray<Reason>): Status =>
  reasons.length === 0 ? "healthy" : reasons.some(({ code }) => unhealthy.has(code)) ? "unhealthy" : "degraded"

const feedHealth = (stats: FeedStats, history: FeedHistory, nowMillis: number): FeedHealth => {
  const { coveredSeconds, gapSeconds, ratio } = stats.completeness.at(nowMillis * 1000)
  return {
    ...feedLabels(stats.feed),
    state: stats.state,
    state_since: new Date(stats.stateSince).toISOString(),
    reason: stats.reason,
    last_event_age_seconds: stats.lastEventAt === null ? null : seconds(Math.max(0, nowMillis - stats.lastEventAt)),
    events_per_second: Math.round(history.eventsPerSecond * 10) / 10,
    latency_ms: history.latencyMillis === null ? null : Math.round(history.latencyMillis * 10) / 10,
    messages_dropped: stats.dropped,
    reconnects: stats.reconnects,
    next_retry_in_seconds: stats.nextAttemptAt === null ? null : seconds(Math.max(0, stats.nextAttemptAt - nowMillis)),
    completeness_ratio: ratio === null ? null : belowOne(ratio),
    completeness_covered_seconds: Math.round(coveredSeconds),
    gap_seconds: Math.round(gapSeconds * 10) / 10
  }
}

/** How the recorder is, without its feeds. */
export const summarize = (evidence: Evidence): Omit<Health, "feeds"> => {
  const { telemetry } = evidence
  const feeds = telemetry.all()
  const reasons = reasonsOf(evidence)
  return {
    status: statusOf(reasons),
    phase: telemetry.process.phase,
    uptime_seconds: seconds(telemetry.process.uptimeMillis),
    shard: telemetry.process.shard,
    connections: { up: feeds.filter(({ connected }) => connected).length, total: feeds.length },
    messages_dropped: sumOver(feeds, ({ dropped }) => dropped),
    degraded_reason: reasons.length === 0 ? null : reasons.map(({ text }) => text).join("; "),
    reasons
  }
}

/** How the recorder is, feed by feed. */
export const assess = (evidence: Evidence): Health => ({
  ...summarize(evidence),
  feeds: evidence.telemetry.all().map((stats) => feedHealth(stats, evidence.history(stats), evidence.nowMillis))
})
