/** What a metric is: its kind, the unit of its value, what it tells, and the names of its labels. */
export interface Definition {
  readonly type: "counter" | "gauge" | "histogram"
  readonly labels: ReadonlyArray<string>
  readonly unit: string
  readonly help: string
}

const counter = (labels: ReadonlyArray<string>, unit: string, help: string) =>
  ({ type: "counter", labels, unit, help }) as const
const gauge = (labels: ReadonlyArray<string>, unit: string, help: string) =>
  ({ type: "gauge", labels, unit, help }) as const
const histogram = (labels: ReadonlyArray<string>, unit: string, help: string) =>
  ({ type: "histogram", labels, unit, help }) as const

const ofFeed = ["exchange", "symbol", "data_type"]
const ofPath = [...ofFeed, "path"]
const alone: ReadonlyArray<string> = []

/** Every metric of the recorder by its name; those of the process itself come from prom-client. */
export const metrics = {
  collector_websocket_connected: gauge(ofFeed, "1 or 0", "Whether the feed's connection is open."),
  collector_feed_live: gauge(ofFeed, "1 or 0", "Whether the feed's connection is open and delivers market data."),
  collector_websocket_reconnects_total: counter(
    [...ofFeed, "reason"],
    "attempts",
    "Connections and attempts that ended and are followed by another, by what ended them."
  ),
  collector_websocket_pings_sent_total: counter(ofFeed, "pings", "Pings sent to the venue."),
  collector_websocket_pongs_received_total: counter(ofFeed, "pongs", "Pongs received from the venue."),
  collector_websocket_pongs_missed_total: counter(
    ofFeed,
    "pings",
    "Pings that stayed unanswered although the venue went on sending."
  ),
  collector_subscriptions_rejected_total: counter(ofFeed, "subscriptions", "Subscriptions that the venue refused."),
  collector_venue_notices_total: counter(
    ofFeed,
    "notices",
    "Announcements and refusals from the venue while it delivers."
  ),
  collector_feed_defects_total: counter(ofFeed, "bugs", "Bugs of the recorder that cost a connection or a batch."),
  collector_last_message_timestamp_seconds: gauge(
    ofFeed,
    "seconds since the epoch",
    "When the last event was received; no series before the first."
  ),
  collector_frames_received_total: counter(ofFeed, "frames", "WebSocket messages received, control messages included."),
  collector_messages_received_total: counter(ofFeed, "events", "Events received: trades, and order-book messages."),
  collector_messages_dropped_total: counter(ofFeed, "events", "Events dropped because the feed's queue was full."),
  collector_message_timeouts_total: counter(ofFeed, "times", "Times that no market data came for the message timeout."),
  collector_parse_errors_total: counter(
    ofFeed,
    "frames",
    "Frames, or parts of them, that could not be read and are not recorded."
  ),
  collector_parse_circuit_breaks_total: counter(
    ofFeed,
    "times",
    "Times that a connection was given up because too much of it could not be read."
  ),
  collector_unparsed_frames_kept_total: counter(
    ofFeed,
    "frames",
    "Frames that could not be read and are kept whole in quarantine/frames below the data folder."
  ),
  collector_unparsed_frames_dropped_total: counter(
    ofFeed,
    "frames",
    "Frames that could not be read and are not kept either, for there was no room for them."
  ),
  collector_messages_unrequested_total: counter(
    ofFeed,
    "messages",
    "Messages for something that the feed did not subscribe to; not recorded."
  ),
  collector_latency_exchange_to_collector_ms: histogram(
    ofFeed,
    "milliseconds",
    "From the venue's time of an event to its receipt, where the venue sends a time."
  ),
  collector_latency_negative_total: counter(
    ofFeed,
    "events",
    "Events received before the venue's clock says they happened: one of the clocks is off."
  ),
  collector_sequence_gaps_total: counter(
    ofFeed,
    "gaps",
    "Holes in the venue's numbers, where it numbers what it sends."
  ),
  collector_sequence_gap_size: histogram(
    ofFeed,
    "events",
    "Sizes of the holes whose size the venue's numbers tell, for Coinbase books in messages."
  ),
  collector_sequence_missing: gauge(
    ofFeed,
    "events",
    "Events that are missing at present by their ids, those of earlier runs, dropped and lost ones included; what comes late or is fetched is taken off; 0 for Coinbase books, whose numbers count messages."
  ),
  collector_sequence_out_of_order_total: counter(ofFeed, "events", "Events received after newer ones, and kept."),
  collector_sequence_duplicates_total: counter(ofFeed, "events", "Events received again, and not kept."),
  collector_sequence_resets_total: counter(ofFeed, "times", "Times that the venue began to count anew."),
  collector_completeness_ratio: gauge(
    ofFeed,
    "0 to 1",
    "Share of the feed that is recorded, of the last day as far as it is known; no series where the venue's numbers prove nothing."
  ),
  collector_completeness_objective: gauge(
    ofFeed,
    "0 to 1",
    "Share of the feed that is to be recorded; no series where nothing can be proven, or completeness_objective is 0."
  ),
  collector_completeness_covered_seconds: gauge(
    ofFeed,
    "seconds",
    "How much of the last day the completeness of the feed is known for."
  ),
  collector_gap_seconds: gauge(
    ofFeed,
    "seconds",
    "Time of the last day in gaps that are open, or whose missing events nobody can count; where nothing can be proven, in all known gaps."
  ),
  collector_gap_events_missing: gauge(ofFeed, "events", "Events of the last day that are known to be missing."),
  collector_gap_events_recovered_total: counter(
    ofFeed,
    "events",
    "Events that were missing in a gap, and came late or were fetched."
  ),
  collector_gaps_open: gauge(ofFeed, "gaps", "Gaps that have not ended."),
  collector_gaps_total: counter(
    ["cause"],
    "gaps",
    "Gaps of all feeds by cause, those that were filled or dismissed later included."
  ),
  collector_repair_requests_total: counter(
    ["result"],
    "requests",
    "Requests to venues for missed trades, by what became of them: page (answered), busy (asked too often), refused, failed."
  ),
  collector_path_connected: gauge(
    ofPath,
    "1 or 0",
    "Whether a connection of the path is open; paths are only told of where a feed has several."
  ),
  collector_path_events_won_total: counter(ofPath, "events", "Events recorded as the path brought them."),
  collector_path_events_lost_total: counter(
    ofPath,
    "events",
    "Events that only other paths of the feed brought: what the path alone would have lost. Counted a minute later; not for Coinbase books."
  ),
  collector_path_lag_seconds: histogram(
    ofPath,
    "seconds",
    "How much later than the first path the path brought an event; not for Coinbase books."
  ),
  collector_channel_queue_depth: gauge(ofFeed, "events", "Events that wait between the socket and the file."),
  collector_parquet_rows_written_total: counter(ofFeed, "rows", "Rows written to Parquet files."),
  collector_parquet_rows_buffered: gauge(
    ofFeed,
    "rows",
    "Rows in memory (and in the journal) that are not in a Parquet file yet."
  ),
  collector_parquet_rows_lost_total: counter(ofFeed, "rows", "Rows lost because they could not be written."),
  collector_parquet_files_rotated_total: counter(ofFeed, "files", "Parquet files sealed."),
  collector_parquet_bytes_sealed_total: counter(ofFeed, "bytes", "Bytes of sealed Parquet files."),
  collector_parquet_open_file_bytes: gauge(ofFeed, "bytes", "Bytes of the feed's open Parquet file."),
  collector_parquet_write_errors_total: counter(
    ofFeed,
    "attempts",
    "Attempts to write or seal a Parquet file that failed."
  ),
  collector_journal_bytes: gauge(alone, "bytes", "Size of the journal on disk."),
  collector_journal_written_bytes_total: counter(alone, "bytes", "Bytes written to the journal."),
  collector_journal_errors_total: counter(alone, "attempts", "Attempts to write or shorten the journal that failed."),
  collector_journal_rows_skipped_total: counter(
    alone,
    "rows",
    "Rows that somebody, or a damaged disk, took from the journal: a crash loses them until they are in a row group."
  ),
  collector_commit_duration_seconds: histogram(alone, "seconds", "What a commit to the journal took."),
  collector_receive_to_durable_seconds: histogram(
    alone,
    "seconds",
    "From the receipt of a row until the commit that covers it was done."
  ),
  collector_recovered_rows_total: counter(
    alone,
    "rows",
    "Rows that the start took from the journal of an earlier run."
  ),
  collector_recovered_files_total: counter(alone, "files", "Files that the start finished in place of an earlier run."),
  collector_quarantined_total: counter(
    ["kind"],
    "files",
    "Files set aside because they are not what they should be, by kind."
  ),
  collector_quarantine_files: gauge(
    alone,
    "files",
    "Files in the quarantine: found there at the start, or set aside since; what is removed counts until the next start."
  ),
  collector_upload_queue_depth: gauge(alone, "files", "Sealed files in the upload queue."),
  collector_files_waiting: gauge(alone, "files", "Sealed files on disk that are not stored yet."),
  collector_oldest_file_waiting_timestamp_seconds: gauge(
    alone,
    "seconds since the epoch",
    "First row of the oldest sealed file that is not stored yet; no series while there is none."
  ),
  collector_s3_upload_duration_seconds: histogram(
    alone,
    "seconds",
    "What storing a file took, to S3, the archive folder or both."
  ),
  collector_s3_uploads_completed_total: counter(alone, "files", "Files stored and proven to be there."),
  collector_s3_uploaded_bytes_total: counter(alone, "bytes", "Bytes of the files stored."),
  collector_s3_upload_errors_total: counter(alone, "attempts", "Attempts to store a file that failed."),
  collector_s3_upload_retries_total: counter(alone, "attempts", "Attempts that followed a failed one."),
  collector_s3_upload_failures_total: counter(alone, "files", "Times that a file was given up until the next scan."),
  collector_upload_queue_dropped_total: counter(
    alone,
    "files",
    "Sealed files that found no room in the upload queue; a scan finds them."
  ),
  collector_health_status: gauge(alone, "2, 1 or 0", "2 healthy, 1 degraded, 0 unhealthy."),
  collector_health_reason: gauge(["code"], "1 or 0", "Whether the recorder is not healthy for this reason."),
  collector_ready: gauge(alone, "1 or 0", "Whether recovery is done and feeds are started."),
  collector_disk_free_bytes: gauge(["folder"], "bytes", "Room on the disk of a folder."),
  collector_disk_size_bytes: gauge(["folder"], "bytes", "Size of the disk of a folder."),
  collector_config_reloads_total: counter(
    ["result"],
    "times",
    "Times that the running recorder read its configuration again, by what became of it: applied, or rejected as wrong."
  ),
  collector_shard_index: gauge(
    alone,
    "0 to count - 1",
    "Which of the processes that share the feeds this one is; 0 where it is the only one."
  ),
  collector_shards: gauge(alone, "processes", "How many processes share the feeds, as this one was told."),
  collector_start_timestamp_seconds: gauge(alone, "seconds since the epoch", "When the recorder started."),
  collector_build_info: gauge(["version", "node"], "1", "The version of the recorder and of Node.js.")
} satisfies Readonly<Record<string, Definition>>
export type Metrics = typeof metrics
