/** What a key that is not in the file stands for. */
export const defaults = {
  websocket: {
    message_timeout_secs: 120,
    initial_retry_delay_secs: 1,
    max_retry_delay_secs: 60,
    queue_capacity: 1000
  },
  storage: {
    mode: "local",
    data_dir: "data/parquet",
    local_path: "data/archive",
    max_file_age_secs: 3600,
    max_file_size_mb: 500,
    commit_interval_ms: 1000,
    memory_budget_mb: 64
  },
  aws: { region: "us-east-1", bucket: "market-data", force_path_style: false },
  upload: { queue_capacity: 1000, max_attempts: 5, initial_retry_delay_secs: 1, max_retry_delay_secs: 30 },
  http: { host: "127.0.0.1", port: 9090 },
  logging: { dir: "logs", retention_days: 1, max_file_size_mb: 64 },
  shutdown: { websocket_secs: 10, storage_secs: 30, upload_secs: 60 },
  market: { feeds: ["orderbook", "trades"], repair: true, paths: 1, completeness_objective: 0.999 }
} as const
