import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as Feed from "../../src/domain/Feed.ts"
import { DiskSpace } from "../../src/telemetry/DiskSpace.ts"
import * as Liveness from "../../src/telemetry/Liveness.ts"
import { Monitor } from "../../src/telemetry/Monitor.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"

const data = { name: "data", path: "/data", freeBytes: 8 * 1024 ** 3, totalBytes: 10 * 1024 ** 3 }

describe("Liveness", () => {
  it.effect("tells once a minute how the recorder is, and warns where something is wrong", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const capture = Logger.layer([Logger.make(({ logLevel, message }) => {
        lines.push(`${logLevel} ${String(message)}`)
      })])
      const context = yield* Layer.build(
        Liveness.layer.pipe(
          Layer.provide(Monitor.layer({ maxFileAgeMillis: 3_600_000 })),
          Layer.provide(Layer.succeed(DiskSpace, DiskSpace.of({ folders: [data] }))),
          Layer.provideMerge(Layer.fresh(Telemetry.layer)),
          Layer.provide(capture)
        )
      )
      const telemetry = Context.get(context, Telemetry)
      const stats = telemetry.stats(Feed.make("okx", "BTC-USDT", "trade"))
      stats.connected = true
      stats.state = "live"
      telemetry.process.phase = "recording"
      yield* TestClock.adjust("2 seconds")
      stats.events += 120
      yield* TestClock.adjust("57 seconds")
      assert.deepStrictEqual(lines, [])
      yield* TestClock.adjust("1 second")
      stats.events += 6
      stats.dropped += 4
      telemetry.uploads.filesOnDisk = 2
      const mute = telemetry.stats(Feed.make("okx", "ETH-USDT", "trade"))
      mute.connected = true
      mute.state = "subscribing"
      mute.reason = "no market data for 60 s"
      yield* TestClock.adjust("60 seconds")
      assert.match(
        lines[0] ?? "",
        /^Info 1 of 1 feeds up, 2\.0 events\/s, 0 dropped, 0 files waiting, 8\.0 GiB free for data$/
      )
      assert.match(
        lines[1] ?? "",
        /^Warn 1 of 2 feeds up, 0\.1 events\/s, 4 dropped, 2 files waiting, .* for data; degraded: no market data from 1 feed .*; 4 events dropped/
      )
      assert.strictEqual(lines.length, 2)
    }))
})
