import * as MetricsRegistry from "../../src/telemetry/MetricsRegistry.ts"
import type { Telemetry } from "../../src/telemetry/Telemetry.ts"

/** The metrics of some telemetry without a recorder around it, which is healthy and watches no disk. */
export const quietRegistry = (telemetry: Telemetry["Service"]): MetricsRegistry.MetricsRegistry =>
  MetricsRegistry.make(() => ({
    telemetry,
    disks: [],
    health: {
      status: "healthy",
      phase: "recording",
      uptime_seconds: 0,
      shard: null,
      connections: { up: 0, total: 0 },
      messages_dropped: 0,
      degraded_reason: null,
      reasons: []
    },
    // Whoever counts in a test does so by the real clock.
    nowMillis: Date.now(),
    version: "",
    nodeVersion: ""
  }))
