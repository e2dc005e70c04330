import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import type { TradeEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { type Fetchable, Neighbours } from "../../src/feeds/Neighbours.ts"
import { eventsOf, IntakeModel, standingGaps } from "./intakeModel.ts"

const feed = Feed.make("upbit", "KRW-BTC", "trade")

// Seventeen digits, as Upbit has them.
const idOf = (number: number) => String(17_000_000_000_000_000n + BigInt(number * 10))

const trade = (number: number, micros: number): TradeEvent => ({
  dataType: "trade",
  symbol: "KRW-BTC",
  sequenceId: idOf(number),
  timestampCollector: micros,
  timestampExchange: micros,
  data: Buffer.from(String(number)),
  position: null,
  tradeId: idOf(number),
  price: 1,
  size: 1,
  side: "buy"
})

/** An exchange with trades, two paths that bring them, and a REST interface that lists them from the newest to the oldest. */
class Market {
  readonly model: IntakeModel
  readonly paths
  newest = 0

  constructor(capacity: number) {
    this.model = new IntakeModel(feed, "none", capacity, 2)
    this.paths = [0, 1].map((path) => ({
      path,
      open: true,
      connection: this.model.connect(path),
      waiting: this.#none()
    }))
    for (const path of this.paths) path.connection.counts()
  }

  deal(count: number): ReadonlyArray<number> {
    return Array.from({ length: count }, () => ++this.newest)
  }

  bring(path: number, numbers: ReadonlyArray<number>): void {
    this.model.now += 1000
    const { connection } = this.paths[path]!
    const events = numbers.map((number) => trade(number, this.model.now))
    if (events.length > 0) connection.receive(events, null, this.model.now / 1000)
  }

  /** Fetches so many pages for a gap, after which a request fails; answers how many trades were missing. */
  fetch(wanted: Fetchable, pages: number, each: number): number {
    const { fetched } = this.model.intake
    let cursor = Number((BigInt(wanted.beforeId) - 17_000_000_000_000_000n) / 10n)
    let recovered = 0
    for (let page = 0; page < pages; page++) {
      const numbers = Array.from({ length: Math.min(each, cursor - 1) }, (_, i) => cursor - 1 - i).toReversed()
      this.model.drain()
      recovered += fetched.take(numbers.map((number) => trade(number, this.model.now)), wanted)
      cursor = numbers[0] ?? cursor
      if (idOf(cursor) > wanted.afterId) continue
      fetched.settle(wanted, recovered, true)
      break
    }
    return recovered
  }

  /** How often each trade is in a row. */
  counts(): ReadonlyArray<number> {
    this.model.drain()
    const rows = new Map<string, number>()
    for (const { sequenceId } of eventsOf(this.model.rows)) rows.set(sequenceId, (rows.get(sequenceId) ?? 0) + 1)
    return Array.from({ length: this.newest }, (_, i) => rows.get(idOf(i + 1)) ?? 0)
  }

  #none(): Array<number> {
    return []
  }
}

/** Each trade is in one row. */
const once = (market: Market) =>
  assert.deepStrictEqual(
    market.counts().flatMap((count, i) => count === 1 ? [] : [`${i + 1}: ${count}`]).slice(0, 9),
    []
  )

/** One connection brings a trade and ends, another one goes on `missed` trades later. */
const withGap = (missed: number) => {
  const market = new Market(1_000_000)
  const [first, second] = market.paths
  second!.connection.leave(null)
  market.bring(0, market.deal(1))
  first!.connection.leave("disconnected")
  market.deal(missed)
  first!.connection = market.model.connect()
  market.bring(0, market.deal(1))
  return market
}

const wantedOf = ({ model }: Market) => model.intake.fetched.gaps()[0] ?? assert.fail("nothing to fetch")

describe("trades that are fetched, where ids do not follow each other", () => {
  it("are asked for from where the last attempt ended", () => {
    const market = withGap(20_000)
    const first = market.fetch(wantedOf(market), 30, 500)
    assert.strictEqual(first, 15_000)
    assert.strictEqual(wantedOf(market).beforeId, idOf(5002))
    assert.strictEqual(market.fetch(wantedOf(market), 40, 500), 5000)
    once(market)
    assert.deepStrictEqual(market.model.intake.fetched.gaps(), [])
    assert.deepInclude(standingGaps(market.model.rows)[0], { status: "repaired", missing: 0 })
  })

  it("are those too that newer ones had overtaken when the connection ended", () => {
    const market = new Market(1_000_000)
    const [first, second] = market.paths
    second!.connection.leave(null)
    market.bring(0, market.deal(20))
    const [late = 0, early = 0] = market.deal(2)
    market.bring(0, [early])
    first!.connection.leave("disconnected")
    market.deal(5)
    first!.connection = market.model.connect()
    market.bring(0, market.deal(1))
    assert.isBelow(Number(wantedOf(market).afterId.slice(-6)), late * 10)
    assert.strictEqual(market.fetch(wantedOf(market), 9, 4), 6)
    once(market)
    assert.deepInclude(standingGaps(market.model.rows)[0], { status: "repaired", missing: 0 })
  })

  it("are known however many come live before the next attempt, and live ones however many are fetched", () => {
    const market = withGap(5000)
    assert.strictEqual(market.fetch(wantedOf(market), 1, 500), 500)
    const live = market.deal(3000)
    market.bring(0, live)
    assert.strictEqual(market.fetch(wantedOf(market), 8, 500), 4000)
    market.bring(0, live)
    for (let i = 0; i < 10; i++) market.bring(0, market.deal(1000))
    assert.strictEqual(market.fetch(wantedOf(market), 2, 500), 500)
    once(market)
  })

  it("are not taken for new when a connection that lags behind brings them later, however many they are", () => {
    for (const missed of [100, 20_000]) {
      const market = withGap(missed)
      market.fetch(wantedOf(market), Infinity, 500)
      const lagging = market.model.connect(1)
      const events = Array.from({ length: missed }, (_, i) => trade(i + 2, market.model.now))
      lagging.receive(events, null, 0)
      once(market)
    }
  })

  it("are left out where a connection that lags behind has brought them first, or not asked for where those are too many", () => {
    for (const [late, recovered] of [[100, 9900], [5000, 0]] as const) {
      const market = withGap(10_000)
      const wanted = wantedOf(market)
      market.model.connect(1).receive(Array.from({ length: late }, (_, i) => trade(i + 2, market.model.now)), null, 0)
      assert.strictEqual(market.model.intake.fetched.isOver(wanted), recovered === 0)
      assert.strictEqual(market.fetch(wanted, Infinity, 500), recovered)
      assert.isTrue(market.counts().every((count) => count <= 1))
      const status = recovered === 0 ? "missing" : "repaired"
      assert.strictEqual(standingGaps(market.model.rows)[0]?.status, status)
    }
  })

  it("are not fetched again by the next start", () => {
    const market = withGap(100)
    market.fetch(wantedOf(market), 1, 50)
    market.model.drain()
    market.model.restart()
    assert.deepStrictEqual(market.model.intake.fetched.gaps(), [])
    market.model.connect().receive([trade(150, market.model.now)], null, 0)
    assert.deepInclude(wantedOf(market), { afterId: idOf(102), beforeId: idOf(150) })
  })

  it("are not asked for by a start that finds some which are newer than all that came live", () => {
    const told = withGap(10)
    const { gap } = wantedOf(told)
    for (const [recentIds, gaps] of [[[idOf(3)], 1], [[idOf(9), idOf(3)], 0]] as const) {
      const tail = { lastId: idOf(5), lastReceivedMicros: 0, lastExchangeMicros: 0, recentIds }
      const neighbours = new Neighbours(tail, () => {})
      neighbours.next(trade(12, 0))
      neighbours.said(gap, true)
      assert.strictEqual(neighbours.gaps.length, gaps)
    }
  })
})

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const path = int(0, 1)

const Step = Schema.Union([
  /** Trades that open connections bring at once, or later. */
  Schema.Struct({ tag: Schema.Literal("deal"), count: int(1, 4), late: Schema.Array(path), drains: Schema.Boolean }),
  Schema.Struct({ tag: Schema.Literal("catchUp"), path, count: int(1, 4) }),
  Schema.Struct({ tag: Schema.Literal("leave"), path }),
  Schema.Struct({ tag: Schema.Literal("join"), path }),
  Schema.Struct({ tag: Schema.Literal("drain") }),
  Schema.Struct({ tag: Schema.Literal("fetch"), gap: int(0, 2), pages: int(1, 3), each: int(1, 4) })
])
type Step = typeof Step.Type
const Steps = Arbitrary.array(Arbitrary.schema(Step), { maxLength: 60 })

const play = (market: Market, steps: ReadonlyArray<Step>) => {
  const { model, paths } = market
  const brought = new Set<number>()
  const bring = (index: number, numbers: ReadonlyArray<number>) => {
    for (const number of numbers) brought.add(number)
    market.bring(index, numbers)
  }
  const leave = (index: number) => {
    const one = paths[index]!
    if (!one.open) return
    // What a connection that lags behind alone could have brought leaves no trace.
    if (one.waiting.some((number) => !brought.has(number))) bring(index, one.waiting)
    one.waiting = []
    one.open = false
    one.connection.leave("disconnected")
  }
  const join = (index: number) => {
    const one = paths[index]!
    if (one.open) return
    one.open = true
    one.connection = model.connect(index)
  }
  bring(0, market.deal(1))
  model.drain()
  for (const step of steps) {
    switch (step.tag) {
      case "deal": {
        const numbers = market.deal(step.count)
        for (const { open, path: index, waiting } of paths) {
          if (!open) continue
          if (waiting.length > 0 || step.late.includes(index)) waiting.push(...numbers)
          else bring(index, numbers)
        }
        if (step.drains) model.drain()
        break
      }
      case "catchUp":
        bring(step.path, paths[step.path]!.waiting.splice(0, step.count))
        break
      case "leave":
        leave(step.path)
        break
      case "join":
        join(step.path)
        break
      case "drain":
        model.drain()
        break
      case "fetch": {
        const wanted = model.intake.fetched.gaps()[step.gap]
        if (wanted !== undefined) market.fetch(wanted, step.pages, step.each)
      }
    }
  }
  for (const index of [0, 1]) {
    leave(index)
    join(index)
  }
  for (let i = 0; i < 2; i++) {
    model.drain()
    const numbers = market.deal(1)
    bring(0, numbers)
    bring(1, numbers)
  }
  while (model.intake.fetched.gaps().length > 0) market.fetch(wantedOf(market), Infinity, 3)
}

describe("a venue that lists all of its trades", () => {
  it.prop("has none of them in two rows, and each in one when no gap is left, however attempts to fill them end", [
    Steps
  ], ([steps]) => {
    const market = new Market(4)
    play(market, steps)
    const counts = market.counts()
    assert.isTrue(counts.every((count) => count <= 1), counts.join(""))
    const missing = standingGaps(market.model.rows).filter(({ status }) => status === "open" || status === "missing")
    // Of a trade that was late and found no room, nobody knows what is written around it.
    for (const { cause } of missing) assert.strictEqual(cause, "queue_overflow")
    if (missing.length === 0) once(market)
  }, { arbitrary: { runs: 2000 } })
})
