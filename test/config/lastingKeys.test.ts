import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ConfigFile } from "../../src/config/ConfigFile.ts"
import { lastingKeys, waitingForStart } from "../../src/config/lastingKeys.ts"
import { load, market } from "./problemsOf.ts"

describe("lastingKeys", () => {
  it("has every key outside [[markets]] but what every market goes by, and what picks its feeds", () => {
    const { markets: _, ...tables } = ConfigFile.fields
    const keys = Object.entries(tables).flatMap(([table, { schema }]) =>
      Object.keys(schema.fields).map((key) => `${table}.${key}`)
    )
    const reloaded = ["websocket.message_timeout_secs", "shard.index", "shard.count"]
    const inFile = Object.keys(lastingKeys).filter((name) => name.includes("."))
    assert.deepStrictEqual([...inFile, ...reloaded].toSorted(), keys.toSorted())
  })

  it.effect("are named when they differ, and no other", () =>
    Effect.gen(function*() {
      const started = yield* load(market)
      assert.deepStrictEqual(waitingForStart(started, yield* load(market)), [])
      const next = yield* load(
        `[storage]\nmax_file_size_mb = 5\n[websocket]\nmessage_timeout_secs = 5\nqueue_capacity = 7\n${market}data_timeout_secs = 9\n`,
        { LOG_LEVEL: "debug", AWS_ACCESS_KEY: "a", AWS_SECRET_KEY: "b", METRICS_PORT: "1234" }
      )
      assert.deepStrictEqual(waitingForStart(started, next), [
        "websocket.queue_capacity",
        "storage.max_file_size_mb",
        "http.port",
        "LOG_LEVEL",
        "AWS_ACCESS_KEY",
        "AWS_SECRET_KEY"
      ])
    }))
})
