import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import * as Series from "../../src/domain/Series.ts"
import { sumOver } from "../../src/telemetry/sumOver.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"

const feedOf = (index: number) => Feed.make("okx", `S${index}-USDT`, "trade")
const seriesOf = (index: number) => Series.make("okx", `S${index}-USDT`, "gap")

describe("what was removed", () => {
  it.effect("stays in what is told of the whole run, and is kept as one sum", () =>
    Effect.gen(function*() {
      const telemetry = yield* Telemetry
      for (let index = 0; index < 100; index++) {
        const stats = telemetry.stats(feedOf(index))
        Object.assign(stats, { events: 10, dropped: 2, parseErrors: 1, rowsLost: 3 })
        stats.repairRequests.Busy = 4
        stats.completeness.gapsBy.disk = 5
        telemetry.sinkStats(seriesOf(index)).rowsLost = 7
        if (index === 99) continue
        telemetry.remove(stats.feed)
        telemetry.removeSeries(seriesOf(index).id)
      }
      assert.strictEqual(telemetry.all().length, 1)
      assert.strictEqual(telemetry.allSinks().length, 2)
      const feeds = telemetry.sinceStart()
      const sinks = telemetry.allSinksSinceStart()
      assert.isAtMost(feeds.length, 2)
      assert.isAtMost(sinks.length, 4)
      assert.deepStrictEqual({
        events: sumOver(feeds, ({ events }) => events),
        dropped: sumOver(feeds, ({ dropped }) => dropped),
        parseErrors: sumOver(feeds, ({ parseErrors }) => parseErrors),
        busy: sumOver(feeds, ({ repairRequests }) => repairRequests.Busy),
        disk: sumOver(feeds, ({ completeness }) => completeness.gapsBy.disk),
        stale: sumOver(feeds, ({ completeness }) => completeness.gapsBy.stale),
        rowsLost: sumOver(sinks, ({ rowsLost }) => rowsLost)
      }, { events: 1000, dropped: 200, parseErrors: 100, busy: 400, disk: 500, stale: 0, rowsLost: 1000 })
    }).pipe(Effect.provide(Telemetry.layer)))

  it.effect("is counted on while rows of it may still be lost", () =>
    Effect.gen(function*() {
      const telemetry = yield* Telemetry
      const lost = () => sumOver(telemetry.allSinksSinceStart(), ({ rowsLost }) => rowsLost)
      const removed = ["eventsQueued", "rowsBuffered", "rowsUnwritten", "filesOpen"].map((underWay, index) => {
        const stats = telemetry.stats(feedOf(index))
        Object.assign(stats, { [underWay]: 1 })
        telemetry.remove(stats.feed)
        return stats
      })
      const series = telemetry.sinkStats(seriesOf(0))
      series.filesOpen = 1
      telemetry.removeSeries(series.series.id)
      for (const stats of [...removed, series]) stats.rowsLost++
      assert.strictEqual(lost(), 5)
      for (const stats of removed) Object.assign(stats, { eventsQueued: 0, rowsBuffered: 0, filesOpen: 0 })
      telemetry.remove(telemetry.stats(feedOf(9)).feed)
      assert.strictEqual(lost(), 5)
      // The one with rows that the journal may have, or not, and the sum.
      assert.strictEqual(telemetry.sinceStart().length, 2)
    }).pipe(Effect.provide(Telemetry.layer)))
})
