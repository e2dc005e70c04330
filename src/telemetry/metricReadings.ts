import { GapCause } from "../domain/Gap.ts"
import { feedLabels } from "../domain/feedLabels.ts"
import type { Completeness } from "./CompletenessWindow.ts"
import type { Space } from "./DiskSpace.ts"
import { type Health, reasonCodes } from "./Health.ts"
import type { Histogram } from "./Histogram.ts"
import type { Metrics } from "./Metrics.ts"
import type { PathStats } from "./PathStats.ts"
import type { SinkStats } from "./SinkStats.ts"
import { reloadResults } from "./ProcessStats.ts"
import { sumOver } from "./sumOver.ts"
import { type FeedStats, type ReconnectReason, reconnectReasons, repairResults, type Telemetry } from "./Telemetry.ts"

/** What the metrics are read from, at the moment of a scrape. */
export interface Source {
  readonly telemetry: Telemetry["Service"]
  readonly disks: ReadonlyArray<Readonly<Space>>
  readonly health: Omit<Health, "feeds">
  readonly nowMillis: number
  readonly version: string
  readonly nodeVersion: string
}

/** The labels of one series. The same object at each scrape saves its text from being made again. */
export type Labels = Readonly<Record<string, string>>

/** One series. */
export interface Series<V = number | Histogram> {
  readonly labels: Labels
  readonly value: V
}

/** The series of a metric as they are now. */
export type Reading<V> = (source: Source) => ReadonlyArray<Series<V>>

/** By name, each of the kind that its definition says. */
type Readings = {
  readonly [Name in keyof Metrics]: Reading<Metrics[Name]["type"] extends "histogram" ? Histogram : number>
}

const labelsOfSeries = new WeakMap<SinkStats, Labels>()

const labelsOf = (stats: SinkStats): Labels => {
  const known = labelsOfSeries.get(stats)
  if (known !== undefined) return known
  const labels = feedLabels(stats.series)
  labelsOfSeries.set(stats, labels)
  return labels
}

const labelsWithReason = new WeakMap<FeedStats, ReadonlyArray<readonly [ReconnectReason, Labels]>>()

const labelsByReason = (stats: FeedStats) => {
  const known = labelsWithReason.get(stats)
  if (known !== undefined) return known
  const labels = reconnectReasons.map((reason) => [reason, { ...labelsOf(stats), reason }] as const)
  labelsWithReason.set(stats, labels)
  return labels
}

const perFeed = <V>(of: (stats: FeedStats) => V | null): Reading<V> => ({ telemetry }) =>
  telemetry.all().flatMap((stats) => {
    const value = of(stats)
    return value === null ? [] : [{ labels: labelsOf(stats), value }]
  })

const ofCompleteness =
  (of: (completeness: Completeness) => number | null): Reading<number> => ({ nowMillis, telemetry }) =>
    telemetry.all().flatMap((stats) => {
      const value = of(stats.completeness.at(nowMillis * 1000))
      return value === null ? [] : [{ labels: labelsOf(stats), value }]
    })

const labelsOfPath = new WeakMap<PathStats, Labels>()

const perPath = <V>(of: (path: PathStats) => V): Reading<V> => ({ telemetry }) =>
  telemetry.all().flatMap((stats) =>
    stats.paths.map((path, index) => {
      const labels = labelsOfPath.get(path) ?? { ...labelsOf(stats), path: String(index + 1) }
      labelsOfPath.set(path, labels)
      return { labels, value: of(path) }
    })
  )

const perSink = (of: (stats: SinkStats) => number): Reading<number> => ({ telemetry }) =>
  telemetry.allSinks().map((stats) => ({ labels: labelsOf(stats), value: of(stats) }))

const noLabels: Labels = {}

const single = <V>(of: (source: Source) => V | null): Reading<V> => (source) => {
  const value = of(source)
  return value === null ? [] : [{ labels: noLabels, value }]
}

const labeled = (
  label: string,
  of: (source: Source) => ReadonlyArray<readonly [name: string, value: number | null]>
): Reading<number> =>
(source) => of(source).flatMap(([name, value]) => value === null ? [] : [{ labels: { [label]: name }, value }])

const secondsOf = (millis: number | null): number | null => millis === null ? null : millis / 1000

/** Where the values of each metric are counted. */
export const readings: Readings = {
  collector_websocket_connected: perFeed((stats) => stats.connected ? 1 : 0),
  collector_feed_live: perFeed(({ state }) => state === "live" ? 1 : 0),
  collector_websocket_reconnects_total: ({ telemetry }) =>
    telemetry.all().flatMap((stats) =>
      labelsByReason(stats).map(([reason, labels]) => ({ labels, value: stats.reconnectsBy[reason] }))
    ),
  collector_websocket_pings_sent_total: perFeed((stats) => stats.pingsSent),
  collector_websocket_pongs_received_total: perFeed((stats) => stats.pongsReceived),
  collector_websocket_pongs_missed_total: perFeed((stats) => stats.pongsMissed),
  collector_subscriptions_rejected_total: perFeed((stats) => stats.rejections),
  collector_venue_notices_total: perFeed((stats) => stats.notices),
  collector_feed_defects_total: perFeed((stats) => stats.defects),
  collector_last_message_timestamp_seconds: perFeed((stats) => secondsOf(stats.lastEventAt)),
  collector_frames_received_total: perFeed((stats) => stats.frames),
  collector_messages_received_total: perFeed((stats) => stats.events),
  collector_messages_dropped_total: perFeed((stats) => stats.dropped),
  collector_message_timeouts_total: perFeed((stats) => stats.timeouts),
  collector_parse_errors_total: perFeed((stats) => stats.parseErrors),
  collector_parse_circuit_breaks_total: perFeed((stats) => stats.circuitBreaks),
  collector_unparsed_frames_kept_total: perFeed((stats) => stats.framesKept),
  collector_unparsed_frames_dropped_total: perFeed((stats) => stats.framesNotKept),
  collector_messages_unrequested_total: perFeed((stats) => stats.unrequested),
  collector_latency_exchange_to_collector_ms: perFeed((stats) => stats.latency),
  collector_latency_negative_total: perFeed((stats) => stats.negativeLatencies),
  collector_sequence_gaps_total: perFeed(({ sequence }) => sequence.gaps),
  collector_sequence_gap_size: perFeed(({ sequence }) => sequence.gapSize),
  collector_sequence_missing: perFeed(({ sequence }) => sequence.missing),
  collector_sequence_out_of_order_total: perFeed(({ sequence }) => sequence.outOfOrder),
  collector_sequence_duplicates_total: perFeed(({ sequence }) => sequence.duplicates),
  collector_sequence_resets_total: perFeed(({ sequence }) => sequence.resets),
  collector_completeness_ratio: ofCompleteness(({ ratio }) => ratio),
  collector_completeness_objective: perFeed(({ completeness: { objective, provable } }) =>
    provable && objective > 0 ? objective : null
  ),
  collector_completeness_covered_seconds: ofCompleteness(({ coveredSeconds }) => coveredSeconds),
  collector_gap_seconds: ofCompleteness(({ gapSeconds }) => gapSeconds),
  collector_gap_events_missing: ofCompleteness(({ missing }) => missing),
  collector_gap_events_recovered_total: perFeed(({ completeness }) => completeness.recovered),
  collector_gaps_open: ofCompleteness(({ gapsOpen }) => gapsOpen),
  collector_gaps_total: labeled(
    "cause",
    ({ telemetry }) =>
      GapCause.literals.map((cause) => [
        cause,
        sumOver(telemetry.sinceStart(), ({ completeness }) => completeness.gapsBy[cause])
      ])
  ),
  collector_repair_requests_total: labeled(
    "result",
    ({ telemetry }) =>
      repairResults.map((result) => [
        result.toLowerCase(),
        sumOver(telemetry.sinceStart(), ({ repairRequests }) => repairRequests[result])
      ])
  ),
  collector_path_connected: perPath(({ connected }) => connected ? 1 : 0),
  collector_path_events_won_total: perPath(({ won }) => won),
  collector_path_events_lost_total: perPath(({ lost }) => lost),
  collector_path_lag_seconds: perPath(({ lag }) => lag),
  collector_channel_queue_depth: perFeed((stats) => stats.eventsQueued),
  collector_parquet_rows_written_total: perSink((stats) => stats.rowsWritten),
  collector_parquet_rows_buffered: perSink((stats) => stats.rowsBuffered),
  collector_parquet_rows_lost_total: perSink((stats) => stats.rowsLost),
  collector_parquet_files_rotated_total: perSink((stats) => stats.filesSealed),
  collector_parquet_bytes_sealed_total: perSink((stats) => stats.sealedBytes),
  collector_parquet_open_file_bytes: perSink((stats) => stats.openFileBytes),
  collector_parquet_write_errors_total: perSink((stats) => stats.writeErrors),
  collector_journal_bytes: single(({ telemetry: { storage } }) => storage.journalBytes),
  collector_journal_written_bytes_total: single(({ telemetry: { storage } }) => storage.journalBytesWritten),
  collector_journal_errors_total: single(({ telemetry: { storage } }) => storage.journalErrors),
  collector_journal_rows_skipped_total: single(({ telemetry: { storage } }) => storage.rowsNotJournaled),
  collector_commit_duration_seconds: single(({ telemetry: { storage } }) => storage.commitDuration),
  collector_receive_to_durable_seconds: single(({ telemetry: { storage } }) => storage.receiveToDurable),
  collector_recovered_rows_total: single(({ telemetry: { storage } }) => storage.rowsRecovered),
  collector_recovered_files_total: single(({ telemetry: { storage } }) => storage.filesRecovered),
  collector_quarantined_total: labeled(
    "kind",
    (
      { telemetry }
    ) => [["open_file", telemetry.storage.quarantined.openFile], ["segment", telemetry.storage.quarantined.segment], [
      "state",
      telemetry.storage.quarantined.state
    ], [
      "foreign",
      telemetry.storage.quarantined.foreign
    ], ["upload_conflict", telemetry.uploads.setAside]]
  ),
  collector_quarantine_files: single(({ telemetry: { storage, uploads } }) =>
    storage.quarantineFiles + uploads.setAside
  ),
  collector_upload_queue_depth: single(({ telemetry: { uploads } }) => uploads.queueDepth),
  collector_files_waiting: single(({ telemetry: { uploads } }) => uploads.filesOnDisk),
  collector_oldest_file_waiting_timestamp_seconds: single(({ telemetry: { uploads } }) =>
    secondsOf(uploads.oldestWaitingMillis)
  ),
  collector_s3_upload_duration_seconds: single(({ telemetry: { uploads } }) => uploads.durationSeconds),
  collector_s3_uploads_completed_total: single(({ telemetry: { uploads } }) => uploads.stored),
  collector_s3_uploaded_bytes_total: single(({ telemetry: { uploads } }) => uploads.storedBytes),
  collector_s3_upload_errors_total: single(({ telemetry: { uploads } }) => uploads.failedAttempts),
  collector_s3_upload_retries_total: single(({ telemetry: { uploads } }) => uploads.retries),
  collector_s3_upload_failures_total: single(({ telemetry: { uploads } }) => uploads.givenUp),
  collector_upload_queue_dropped_total: single(({ telemetry: { uploads } }) => uploads.dropped),
  collector_health_status: single(({ health }) => ({ healthy: 2, degraded: 1, unhealthy: 0 })[health.status]),
  collector_health_reason: labeled("code", ({ health }) => {
    const present = new Set(health.reasons.map(({ code }) => code))
    return reasonCodes.map((code) => [code, present.has(code) ? 1 : 0])
  }),
  collector_ready: single(({ telemetry: { process } }) => process.phase === "recording" ? 1 : 0),
  collector_disk_free_bytes: labeled("folder", ({ disks }) => disks.map(({ freeBytes, name }) => [name, freeBytes])),
  collector_disk_size_bytes: labeled("folder", ({ disks }) => disks.map(({ name, totalBytes }) => [name, totalBytes])),
  collector_config_reloads_total: labeled(
    "result",
    ({ telemetry: { process } }) => reloadResults.map((result) => [result, process.reloads[result]])
  ),
  collector_shard_index: single(({ telemetry: { process } }) => process.shard?.index ?? 0),
  collector_shards: single(({ telemetry: { process } }) => process.shard?.count ?? 1),
  collector_start_timestamp_seconds: single(({ telemetry: { process } }) => process.startedAtMillis / 1000),
  collector_build_info: ({ nodeVersion, version }) => [{ labels: { version, node: nodeVersion }, value: 1 }]
}
