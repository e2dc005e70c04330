import { assert, describe, it } from "@effect/vitest"
import type { TradeEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { eventsOf, IntakeModel, standingGaps } from "./intakeModel.ts"

const feed = Feed.make("upbit", "KRW-BTC", "trade")

const trade = (id: number, micros: number): TradeEvent => ({
  dataType: "trade",
  symbol: "KRW-BTC",
  sequenceId: String(id),
  timestampCollector: micros,
  timestampExchange: micros,
  data: Buffer.from(String(id)),
  position: null,
  tradeId: String(id),
  price: 1,
  size: 1,
  side: "buy"
})

const idsOf = ({ rows }: IntakeModel) => eventsOf(rows).map(({ sequenceId }) => Number(sequenceId))

describe("the intake of trades whose ids do not follow each other", () => {
  it("takes trades that found no room when they are fetched, each once", () => {
    const model = new IntakeModel(feed, "none", 2)
    const connection = model.connect()
    const send = (...ids: ReadonlyArray<number>) => {
      model.now += 10
      connection.receive(ids.map((id) => trade(id, model.now)), null, 0)
    }
    send(10, 20)
    send(30, 40)
    model.drain()
    send(50)
    model.drain()
    assert.deepStrictEqual(idsOf(model), [10, 20, 50])
    const [wanted, ...others] = model.intake.fetched.gaps()
    assert.deepStrictEqual(others, [])
    assert.deepInclude(wanted, { afterId: "20", beforeId: "50" })
    assert.deepInclude(wanted?.gap, { cause: "queue_overflow", missing: 2 })
    if (wanted === undefined) return
    const fetched = [10, 20, 30, 40, 50].map((id) => trade(id, model.now))
    assert.strictEqual(model.intake.fetched.take(fetched, wanted), 2)
    assert.strictEqual(model.intake.fetched.take(fetched, wanted), 0)
    model.drain()
    assert.deepStrictEqual(idsOf(model), [10, 20, 50, 30, 40])
  })

  it("says of a gap of which not all could be fetched that it still lacks something", () => {
    const model = new IntakeModel(feed, "none")
    const first = model.connect()
    first.receive([trade(10, model.now)], null, 0)
    first.leave("disconnected")
    model.connect().receive([trade(50, model.now + 1)], null, 0)
    const wanted = model.intake.fetched.gaps()[0] ?? assert.fail("nothing to fetch")
    assert.strictEqual(model.intake.fetched.take([trade(30, model.now)], wanted), 1)
    assert.isFalse(model.intake.fetched.settle(wanted, 1, false))
    model.drain()
    assert.deepInclude(standingGaps(model.rows)[0], { status: "missing", missing: null, recovered: 1 })
    assert.deepStrictEqual(model.intake.fetched.gaps(), [])
  })

  it("lets no gap begin before what was received already, though the clock was set back", () => {
    const model = new IntakeModel(feed, "none")
    const first = model.connect()
    first.receive([trade(10, model.now + 100)], null, 0)
    first.receive([trade(20, model.now + 50)], null, 0)
    first.leave("disconnected")
    model.connect().receive([trade(30, model.now + 60)], null, 0)
    model.drain()
    assert.deepInclude(standingGaps(model.rows)[0], {
      openedMicros: model.now + 100,
      closedMicros: model.now + 100
    })
  })
})
