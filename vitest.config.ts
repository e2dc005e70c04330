import { configDefaults, defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // What needs the internet or minutes runs only when asked for.
    exclude: [
      ...configDefaults.exclude,
      ...(process.env.TICKLAKE_LIVE === "1" ? [] : ["test/live/**"]),
      ...(process.env.TICKLAKE_KILLS === undefined ? ["test/crash/**"] : [])
    ],
    // Recorders that run at the same time cannot all have the configured one.
    env: { METRICS_PORT: "0" },
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000
  }
})
