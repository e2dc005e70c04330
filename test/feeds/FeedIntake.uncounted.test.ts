import { assert, describe, it } from "@effect/vitest"
import type { ConnectionIntake } from "../../src/feeds/ConnectionIntake.ts"
import { eventsOf, IntakeModel, standingGaps } from "./intakeModel.ts"
import { feed, trade } from "./uncountedTrade.ts"

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
    assert.deepInclude(wanted, { afterId: "10", beforeId: "50" })
    assert.deepInclude(wanted?.gap, { cause: "queue_overflow", missing: 2 })
    if (wanted === undefined) return
    const fetched = [10, 20, 30, 40, 50].map((id) => trade(id, model.now))
    assert.strictEqual(model.intake.fetched.take(fetched, wanted), 2)
    assert.strictEqual(model.intake.fetched.take(fetched, wanted), 0)
    model.drain()
    assert.deepStrictEqual(idsOf(model), [10, 20, 50, 30, 40])
  })

  /** A market that two paths bring, one trade a frame, to a queue with so much room. */
  const onTwoPaths = (capacity: number) => {
    const model = new IntakeModel(feed, "none", capacity, 2)
    const connections = [model.connect(0), model.connect(1)] as const
    const bring = (connection: ConnectionIntake, ...ids: ReadonlyArray<number>) => {
      for (const id of ids) {
        model.now += 10
        connection.receive([trade(id, model.now)], null, 0)
      }
    }
    for (const connection of connections) bring(connection, 100)
    model.drain()
    return { model, bring, connections }
  }

  it("lets no gap of trades without room end with one that is older than some of them", () => {
    const { bring, connections: [first, lagging], model } = onTwoPaths(2)
    bring(first, 101, 102, 103, 104, 105, 106, 107)
    model.drain()
    bring(lagging, 101, 102, 105)
    model.drain()
    lagging.leave("disconnected")
    assert.deepStrictEqual(model.intake.fetched.gaps(), [])
    const asked = model.missing
    bring(first, 108)
    assert.isAbove(model.missing, asked)
    const wanted = model.intake.fetched.gaps()[0] ?? assert.fail("nothing to fetch")
    assert.deepInclude(wanted, { afterId: "100", beforeId: "108" })
    const fetched = [103, 104, 105, 106, 107].map((id) => trade(id, model.now))
    assert.strictEqual(model.intake.fetched.take(fetched, wanted), 4)
    assert.isTrue(model.intake.fetched.settle(wanted, 4, true))
    model.drain()
    assert.deepStrictEqual(idsOf(model), [100, 101, 102, 105, 108, 103, 104, 106, 107])
  })

  it("lets no gap of trades without room end with one of them, though nothing comes after them", () => {
    const model = new IntakeModel(feed, "none", 1)
    const connection = model.connect()
    for (const id of [10, 20, 30]) connection.receive([trade(id, model.now)], null, 0)
    model.drain()
    model.intake.stopped()
    model.drain()
    assert.deepInclude(standingGaps(model.rows)[0], { cause: "queue_overflow", missing: 2 })
    assert.deepStrictEqual(model.intake.fetched.gaps(), [])
  })

  it("asks for nothing around a trade that was late and found no room: what is written there is not known", () => {
    const { bring, connections: [first, lagging], model } = onTwoPaths(2)
    bring(first, 103, 104)
    bring(lagging, 102)
    model.drain()
    bring(first, 105)
    model.drain()
    assert.deepInclude(standingGaps(model.rows)[0], { cause: "queue_overflow", status: "missing", missing: 1 })
    assert.deepStrictEqual(model.intake.fetched.gaps(), [])
  })

  it("asks for what may be missing while another path is silent, until that one is heard", () => {
    for (const fills of [false, true]) {
      const { bring, connections: [first, silent], model } = onTwoPaths(1000)
      first.leave("disconnected")
      bring(model.connect(0), 120)
      const wanted = model.intake.fetched.gaps()[0] ?? assert.fail("nothing to fetch")
      assert.deepInclude(wanted, { afterId: "100", beforeId: "120" })
      if (fills) {
        model.intake.fetched.take([trade(110, model.now)], wanted)
        model.intake.fetched.settle(wanted, 1, true)
      }
      bring(silent, 121)
      model.drain()
      const [gap] = standingGaps(model.rows)
      assert.strictEqual(gap?.status, fills ? "repaired" : "dismissed")
      assert.strictEqual(gap?.recovered, fills ? 1 : 0)
      assert.deepStrictEqual(model.intake.fetched.gaps(), [])
      assert.isTrue(model.intake.fetched.isOver(wanted))
    }
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
