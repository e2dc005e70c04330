import { assert, describe, it } from "@effect/vitest"
import type { ContinuityRule } from "../../src/domain/ContinuityRule.ts"
import type { TradeEvent } from "../../src/domain/Event.ts"
import type { Gap } from "../../src/domain/Gap.ts"
import { belowOne, CompletenessWindow } from "../../src/telemetry/CompletenessWindow.ts"

const second = 1_000_000
const hour = 3600 * second
const start = 1_795_000_000_000_000

const trades = (first: number, count: number): ReadonlyArray<TradeEvent> =>
  Array.from({ length: count }, (_, at) => ({
    dataType: "trade",
    symbol: "btcusdt",
    sequenceId: String(first + at),
    timestampCollector: start,
    timestampExchange: null,
    data: Buffer.from(""),
    position: { first: first + at, last: first + at, previous: null },
    tradeId: String(first + at),
    price: 1,
    size: 1,
    side: "buy"
  }))

const gap = (given: Partial<Gap>): Gap => ({
  id: "trade-1-1",
  revision: 1,
  dataType: "trade",
  cause: "disconnected",
  status: "missing",
  openedMicros: start + second,
  closedMicros: start + 2 * second,
  firstMissingId: null,
  lastMissingId: null,
  missing: null,
  recovered: 0,
  connectionBefore: 1,
  connectionAfter: 2,
  ...given
})

const windowOf = (rule: ContinuityRule, gaps: ReadonlyArray<Gap> = [], lastReceivedMicros: number | null = null) => {
  const window = new CompletenessWindow()
  window.begin({ rule, startedMicros: start, lastReceivedMicros, gaps })
  return window
}

describe("how complete a feed is", () => {
  it("is not known before its recording begins", () => {
    const window = new CompletenessWindow()
    assert.strictEqual(window.knownSinceMicros, null)
    assert.deepStrictEqual(window.at(start), { ratio: null, coveredSeconds: 0, gapSeconds: 0, missing: 0, gapsOpen: 0 })
  })

  it("is told for the time since the start, then for a day", () => {
    const window = windowOf("consecutive")
    assert.strictEqual(window.at(start).ratio, null)
    const first = window.at(start + 300 * second)
    assert.deepStrictEqual([first.ratio, first.coveredSeconds], [1, 300])
    const { coveredSeconds } = window.at(start + 50 * hour)
    assert.isTrue(coveredSeconds <= 86_400 && coveredSeconds > 85_800)
  })

  it("is a share of events where their number is known, and grows again as they come", () => {
    const window = windowOf("consecutive")
    window.record(trades(1, 90), start)
    const lost = gap({ missing: 10 })
    window.say(lost, start + 2 * second)
    const now = start + 100 * second
    assert.deepInclude(window.at(now), { missing: 10, gapSeconds: 0 })
    assert.closeTo(window.at(now).ratio!, 0.9, 1e-9)
    window.say({ ...lost, revision: 2, missing: 4, recovered: 6 }, now)
    window.record(trades(91, 6), now)
    assert.closeTo(window.at(now).ratio!, 0.96, 1e-9)
    window.say({ ...lost, revision: 3, missing: 0, recovered: 10, status: "repaired" }, now)
    assert.deepInclude(window.at(now), { missing: 0, ratio: 1 })
    assert.strictEqual(window.recovered, 10)
    assert.strictEqual(window.gapsBy.disconnected, 1)
  })

  it("is a share of time where nobody can tell how much is missing, also while a gap is open", () => {
    const window = windowOf("linked")
    window.record(trades(1, 1000), start)
    const open = gap({ status: "open", openedMicros: start + 10 * second, closedMicros: null })
    window.say(open, start + 20 * second)
    assert.deepInclude(window.at(start + 40 * second), { gapSeconds: 30, gapsOpen: 1, ratio: 0.25 })
    window.say({ ...open, revision: 2, status: "missing", closedMicros: start + 50 * second }, start + 50 * second)
    assert.deepInclude(window.at(start + 400 * second), { gapSeconds: 40, gapsOpen: 0, ratio: 0.9 })
    window.say({ ...open, revision: 3, status: "dismissed", closedMicros: start + 50 * second }, start + 400 * second)
    assert.deepInclude(window.at(start + 400 * second), { gapSeconds: 0, ratio: 1 })
  })

  it("is the lower of both", () => {
    const window = windowOf("consecutive")
    window.record(trades(1, 50), start)
    window.say(gap({ missing: 50 }), start)
    window.say(gap({ id: "b", openedMicros: start + 5 * second, closedMicros: start + 15 * second }), start)
    assert.strictEqual(window.at(start + 100 * second).ratio, 0.5)
    window.record(trades(51, 1950), start)
    assert.strictEqual(window.at(start + 100 * second).ratio, 0.9)
  })

  it("is never whole while there is a gap of unknown size, however short", () => {
    const window = windowOf("linked")
    window.say(gap({ openedMicros: start + second, closedMicros: start + second }), start + second)
    const { ratio } = window.at(start + 23 * hour)
    assert.isBelow(ratio!, 1)
    assert.strictEqual(belowOne(ratio!), 0.99999)
  })

  it("goes back as far as the memory of gaps, which count by their time there", () => {
    const known = gap({
      missing: 100_000,
      openedMicros: start - 2 * hour,
      closedMicros: start - 2 * hour + 36 * second
    })
    const window = windowOf("consecutive", [known], start - 10 * second)
    window.record(trades(1, 10), start)
    const then = window.at(start + 8 * hour)
    assert.strictEqual(then.coveredSeconds, 36_000)
    assert.deepInclude(then, { gapSeconds: 36, missing: 100_000, ratio: 0.999 })
    assert.strictEqual(window.gapsBy.disconnected, 0)
    // Events that are missing since the start weigh as much as the time in which events are counted.
    window.say(gap({ id: "b", missing: 10 }), start + 2 * second)
    assert.closeTo(window.at(start + 8 * hour).ratio!, 1 - 0.5 * 0.8, 1e-9)
  })

  it("forgets a gap a day after it ended", () => {
    const window = windowOf("consecutive")
    window.record(trades(1, 10), start)
    const lost = gap({ missing: 10 })
    window.say(lost, start)
    window.say(gap({ id: "b", closedMicros: start + hour }), start + hour)
    assert.isBelow(window.at(start + 20 * hour).ratio!, 1)
    assert.deepInclude(window.at(start + 26 * hour), { ratio: 1, missing: 0, gapSeconds: 0 })
    window.say({ ...lost, revision: 2, status: "repaired", missing: 0, recovered: 10 }, start + 26 * hour)
    assert.deepInclude(window.at(start + 26 * hour), { ratio: 1, missing: 0 })
  })

  it("is not told of the time before a clock was set right, of which everything is forgotten", () => {
    const window = windowOf("consecutive")
    const lost = gap({ openedMicros: start + hour, closedMicros: start + 2 * hour })
    window.say(lost, start + 2 * hour)
    assert.closeTo(window.at(start + 4 * hour).ratio!, 0.75, 1e-9)
    window.at(start + 100 * hour)
    const right = start + 4 * hour
    assert.deepInclude(window.at(right), { ratio: null, coveredSeconds: 0, gapSeconds: 0 })
    assert.strictEqual(window.knownSinceMicros, right)
    // What was counted before is not taken off what is counted since.
    window.say({ ...lost, revision: 2, status: "dismissed" }, right)
    window.say(gap({ id: "b", openedMicros: right - hour, closedMicros: right + 36 * second }), right + 36 * second)
    assert.deepInclude(window.at(right + hour), { ratio: 0.99, coveredSeconds: 3600, gapSeconds: 36 })
  })

  it("is never told where the venue's numbers prove nothing: only the time in known gaps is", () => {
    const window = windowOf("none")
    window.record(trades(1, 10), start)
    window.say(gap({}), start + 2 * second)
    window.say(gap({ id: "b", cause: "queue_overflow", missing: 3, closedMicros: start + 4 * second }), start)
    assert.isFalse(window.provable)
    assert.deepInclude(window.at(start + hour), { ratio: null, gapSeconds: 4, missing: 3 })
  })

  it("counts ids where one event has several", () => {
    const window = windowOf("consecutive")
    const [trade] = trades(1, 1)
    window.record([{ ...trade!, position: { first: 1, last: 30, previous: null } }], start)
    window.say(gap({ missing: 10 }), start + second)
    assert.closeTo(window.at(start + 10 * second).ratio!, 0.75, 1e-9)
  })

  it("takes off what was recorded and then lost", () => {
    const window = windowOf("consecutive")
    window.record(trades(1, 10), start)
    window.lose(5, start)
    window.say(gap({ cause: "disk", missing: 5 }), start + second)
    assert.closeTo(window.at(start + 10 * second).ratio!, 0.5, 1e-9)
  })

  it("heeds what was said last, and remembers no more gaps than it must", () => {
    const window = windowOf("consecutive")
    window.record(trades(1, 1000), start)
    for (let id = 0; id <= 1000; id++) window.say(gap({ id: String(id), missing: 1 }), start)
    const now = start + 10 * second
    assert.strictEqual(window.at(now).missing, 1001)
    // The oldest one is forgotten, and stays as it was.
    window.say(gap({ id: "0", revision: 2, status: "repaired", missing: 0, recovered: 1 }), now)
    assert.strictEqual(window.at(now).missing, 1001)
    window.say(gap({ id: "1", revision: 3, status: "repaired", missing: 0, recovered: 1 }), now)
    window.say(gap({ id: "1", revision: 2, missing: 1 }), now)
    assert.strictEqual(window.at(now).missing, 1000)
  })
})
