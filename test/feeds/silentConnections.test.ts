import { assert, describe, it } from "@effect/vitest"
import type { BookEvent } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import type { ConnectionIntake } from "../../src/feeds/ConnectionIntake.ts"
import { BookVenue, truthOf } from "./bookVenue.ts"
import { eventsOf, IntakeModel, standingGaps } from "./intakeModel.ts"
import { feed, trade } from "./uncountedTrade.ts"

const second = 1_000_000

/** A market of trades that nobody numbers: connections that are open, and may be dead. */
const tradesOf = (paths = 1) => {
  const model = new IntakeModel(feed, "none", 1000, paths)
  const begun = model.now
  return {
    model,
    at: (seconds: number) => (model.now = begun + seconds * second),
    receivedAt: (seconds: number) => begun + seconds * second,
    bring: (by: ConnectionIntake, ...ids: ReadonlyArray<number>) => {
      for (const id of ids) by.receive([trade(id, model.now)], null, model.now / 1000)
    },
    takesOver: (connection: ConnectionIntake) => connection.takesOver(model.now / 1000),
    rows: () => {
      model.drain()
      return eventsOf(model.rows).map(({ sequenceId }) => Number(sequenceId))
    },
    gaps: () => {
      model.drain()
      return standingGaps(model.rows)
    }
  }
}

describe("a connection that is to take the place of another one", () => {
  it("does not before it has brought something, where the other one brings trades meanwhile", () => {
    const { at, bring, gaps, model, rows, takesOver } = tradesOf()
    const old = model.connect()
    bring(old, 1)
    const next = model.connect()
    for (let seconds = 1; seconds <= 10; seconds++) {
      at(seconds)
      bring(old, 1 + seconds)
    }
    next.counts()
    at(11)
    assert.isFalse(takesOver(next))
    bring(old, 12)
    assert.isFalse(takesOver(next))
    bring(next, 12)
    assert.isTrue(takesOver(next))
    old.leave(null)
    bring(next, 13)
    assert.deepStrictEqual(rows(), Array.from({ length: 13 }, (_, index) => index + 1))
    assert.deepStrictEqual(gaps(), [])
  })

  it("says that trades may be missing where the other one is silent while it delivers, for that may be so for long", () => {
    const { at, bring, gaps, model, receivedAt, takesOver } = tradesOf()
    const old = model.connect()
    bring(old, 1)
    at(25)
    const next = model.connect()
    bring(next, 26)
    at(26)
    bring(next, 27)
    assert.isFalse(takesOver(next))
    at(27)
    bring(next, 28)
    assert.isTrue(takesOver(next))
    old.leave(null)
    const [gap, ...others] = gaps()
    assert.deepStrictEqual(others, [])
    assert.deepInclude(gap, {
      cause: "disconnected",
      status: "missing",
      missing: null,
      openedMicros: receivedAt(0),
      closedMicros: receivedAt(25)
    })
    assert.isTrue(takesOver(next))
    assert.lengthOf(gaps(), 1)
  })
})

describe("one of several connections", () => {
  it("that leaves while no other one delivers leaves a gap", () => {
    const { at, bring, gaps, model, receivedAt } = tradesOf(2)
    const [a, b] = [model.connect(0), model.connect(1)]
    bring(a, 1)
    bring(b, 1)
    a.leave("disconnected")
    at(1)
    bring(b, 2)
    b.leave(null)
    at(50)
    bring(model.connect(0), 500)
    assert.deepInclude(gaps().at(-1), {
      status: "missing",
      openedMicros: receivedAt(1),
      closedMicros: receivedAt(50)
    })
  })

  it("that has not brought what another one brought does not stand for it when that ends", () => {
    const { at, bring, gaps, model, receivedAt } = tradesOf(2)
    const [a, b] = [model.connect(0), model.connect(1)]
    bring(a, 1)
    bring(b, 1)
    for (let seconds = 1; seconds <= 5; seconds++) {
      at(seconds)
      bring(a, 1 + seconds)
    }
    a.leave("disconnected")
    at(35)
    bring(b, 350)
    const [gap, ...others] = gaps()
    assert.deepStrictEqual(others, [])
    assert.deepInclude(gap, { status: "missing", openedMicros: receivedAt(5), closedMicros: receivedAt(35) })
  })
})

/** The places of the changes that are recorded. */
const recorded = ({ model }: BookVenue) => {
  model.drain()
  return eventsOf(model.rows).map((event) => truthOf(event).index)
}

describe("the connection whose book is recorded", () => {
  /** It is silent from then on, and another one joins with a complete book. */
  const silentLead = (changes: number) => {
    const venue = new BookVenue("stepping", 2, 1)
    const [lead, other] = venue.paths as [(typeof venue.paths)[0], (typeof venue.paths)[0]]
    for (let i = 0; i < 5; i++) venue.change()
    lead.lag = Infinity
    for (let i = 0; i < 3; i++) venue.change()
    venue.join(other)
    for (let i = 0; i < changes; i++) venue.change()
    return { venue, lead, other }
  }

  it("is not waited for where it is silent and another one goes on behind a hole, which is said", () => {
    const { venue } = silentLead(20)
    const changes = recorded(venue)
    assert.strictEqual(changes.at(-1), venue.changes.length - 1)
    const [gap, ...others] = standingGaps(venue.model.rows)
    assert.deepStrictEqual(others, [])
    assert.deepInclude(gap, { cause: "stale", status: "missing" })
  })

  it("is silent at a stop: what another one has brought without a hole is recorded", () => {
    const venue = new BookVenue("stepping", 2)
    venue.change()
    venue.paths[0]!.lag = Infinity
    for (let i = 0; i < 3; i++) venue.change()
    venue.model.intake.stopping(0)
    venue.model.intake.stopped()
    assert.strictEqual(recorded(venue).at(-1), venue.changes.length - 1)
  })

  it("ends after a second new count of the venue: the numbers of the first one are none that are recorded", () => {
    const venue = new BookVenue("stepping", 2)
    const [lead] = venue.paths
    for (let i = 0; i < 3; i++) venue.change()
    venue.change(true)
    for (let i = 0; i < 20; i++) venue.change()
    lead!.lag = 8
    venue.change(true)
    for (let i = 0; i < 6; i++) venue.change()
    venue.leave(lead!, "disconnected")
    for (let i = 0; i < 5; i++) venue.change()
    const changes = recorded(venue)
    assert.deepStrictEqual([...new Set(changes)].toSorted((a, b) => a - b), venue.changes.map((_, index) => index))
  })

  it("was dead when another one of Coinbase took its place: the book of that does not say that nothing is missing", () => {
    for (const alive of [true, false]) {
      const model = new IntakeModel(Feed.make("coinbase", "BTC-USD", "orderbook"), "connection", 1000)
      const book = (id: number, isSnapshot: boolean): BookEvent => ({
        dataType: "orderbook",
        symbol: "BTC-USD",
        sequenceId: String(id),
        timestampCollector: model.now,
        timestampExchange: model.now,
        data: Buffer.from("{}"),
        position: null,
        isSnapshot
      })
      const old = model.connect()
      let sequence = 0
      old.receive([book(0, true)], sequence++, model.now / 1000)
      old.receive([book(1, false)], sequence++, model.now / 1000)
      model.now += 25 * second
      const next = model.connect()
      next.receive([book(30, true)], 0, model.now / 1000)
      model.now += second
      // Heartbeats are numbered like messages, and bring no event.
      if (alive) old.receive([], sequence++, model.now / 1000)
      model.now += second
      assert.isTrue(next.takesOver(model.now / 1000))
      old.leave(null)
      model.drain()
      assert.lengthOf(standingGaps(model.rows), alive ? 0 : 1)
    }
  })
})

describe("a connection that holds changes for the one that is recorded", () => {
  for (const rule of ["stepping", "linked"] as const) {
    it(`goes on with none of them behind a change that it lost itself, by the rule ${rule}`, () => {
      const venue = new BookVenue(rule, 2)
      const [lead, other] = venue.paths as [(typeof venue.paths)[0], (typeof venue.paths)[0]]
      venue.mayAsk = false
      venue.change()
      lead.lag = 4
      for (let i = 0; i < 2; i++) venue.change()
      other.loseNext = 1
      for (let i = 0; i < 2; i++) venue.change()
      venue.leave(lead, "disconnected")
      lead.lag = 0
      venue.change()
      const changes = recorded(venue)
      const gaps = standingGaps(venue.model.rows)
      const hole = changes.findIndex((index, at) => at > 0 && index > changes[at - 1]! + 1)
      assert.isAtLeast(hole, 1)
      assert.isAtLeast(gaps.length, 1)
    })
  }
})
