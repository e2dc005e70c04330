import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import { changedMillis, fewFeeds, gatherMillis, settleMillis, VenueOutage } from "../../src/feeds/VenueOutage.ts"

const feeds = Array.from({ length: 8 }, (_, index) => Feed.make("okx", `S${index}-USDT`, "trade"))

const Step = Schema.Struct({
  feed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: feeds.length - 1 })),
  lost: Schema.Boolean,
  afterMillis: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20_000 }))
})

/** What an operator who reads every line knows: which feeds are without data, and how many. */
class Reader {
  readonly away = new Set<string>()
  /** Set while the venue is told of as a whole. */
  count: number | null = null
  lines = 0

  own(feed: Feed.Feed, lost: boolean) {
    this.lines++
    if (lost) this.away.add(feed.id)
    else this.away.delete(feed.id)
  }

  venue(text: string) {
    this.lines++
    const [, count] = /^(\d+) of \d+ feeds of okx are without data/.exec(text) ?? []
    this.count = count === undefined ? null : Number(count)
    if (count !== undefined) return
    this.away.clear()
    for (const { id } of feeds) if (text.includes(`${id} (`)) this.away.add(id)
  }
}

describe("VenueOutage", () => {
  it.prop(
    "whatever comes and goes, the lines tell in the end which feeds are without data, and there are never more than without it",
    { steps: Schema.Array(Step).check(Schema.isMaxLength(60)) },
    ({ steps }) => {
      const outage = new VenueOutage("okx", feeds.length)
      const reader = new Reader()
      const away = new Set<string>()
      let now = 0
      let changes = 0
      const pass = (millis: number) => {
        for (const end = now + millis; now < end; now += 250) {
          const line = outage.due(now)
          if (line !== null) reader.venue(line.text)
        }
      }
      for (const { afterMillis, feed: index, lost } of steps) {
        const feed = feeds[index]!
        if (lost || away.has(feed.id)) changes++
        if (lost) {
          away.add(feed.id)
          if (outage.lost(feed, "gone", now)) reader.own(feed, true)
        } else {
          away.delete(feed.id)
          if (outage.delivers(feed)) reader.own(feed, false)
        }
        pass(afterMillis)
      }
      pass(gatherMillis + settleMillis + changedMillis)
      if (away.size > fewFeeds) assert.strictEqual(reader.count, away.size)
      else {
        assert.isNull(reader.count)
        assert.deepStrictEqual([...reader.away].toSorted(), [...away].toSorted())
      }
      assert.isAtMost(reader.lines, changes + now / changedMillis)
    }
  )

  it("sees one reason in the words that many feeds have for it", () => {
    const outage = new VenueOutage("okx", 8)
    for (const [index, feed] of feeds.entries()) {
      outage.lost(feed, `could not connect to wss://ws.okx.com:8443/ws/${index}?s=${feed.symbol}: ECONNREFUSED`, 0)
    }
    assert.include(outage.due(gatherMillis)?.text, ": could not connect to wss://ws.okx.com:8443: ECONNREFUSED; each")
    for (const [index, feed] of feeds.entries()) {
      outage.lost(feed, index < 6 ? `no market data for 12${index} s` : `the venue rejects ${feed.symbol}`, 1000)
    }
    assert.include(outage.due(40_000)?.text, ": no market data for some time (6 of them); each tries again by itself")
  })

  it.effect("tells why also when all was over before it could be told", () =>
    Effect.sync(() => {
      const outage = new VenueOutage("okx", 8)
      for (const feed of feeds) outage.lost(feed, "connection closed with code 1006", 0)
      for (const feed of feeds) outage.delivers(feed)
      assert.deepStrictEqual(outage.due(500), {
        over: true,
        text: "all 8 feeds of okx that were lost deliver again, 0.5 s after the first was lost: " +
          "connection closed with code 1006"
      })
      assert.isNull(outage.due(600))
    }))
})
