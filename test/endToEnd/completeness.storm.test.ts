import { describe } from "@effect/vitest"
import { Effect, Random } from "effect"
import { type ConnectionFault, lieForms } from "../../src/simulator/Fault.ts"
import { venues } from "../../src/domain/Venue.ts"
import { conclude, deliver, scenario } from "./completeness.ts"
import { type World, world } from "./harness.ts"

/** What happens to connections while everything that is sent can be known. */
const seen: ReadonlyArray<ConnectionFault> = [
  { kind: "disconnect" },
  { kind: "abrupt" },
  { kind: "notice", leadMillis: 30 },
  { kind: "notice", leadMillis: 2000 },
  { kind: "duplicate" },
  { kind: "burst", fills: 40 },
  { kind: "garbage", form: "broken-json" },
  { kind: "restart" },
  { kind: "half-open" }
]

/** What takes trades out of an open connection, or moves them. */
const hidden: ReadonlyArray<ConnectionFault> = [
  { kind: "gap" },
  { kind: "gap", count: 5 },
  { kind: "reorder" },
  { kind: "stall", forMillis: 150 },
  { kind: "disconnect" }
]

/** Lets one thing after another go wrong at random. */
const storm = Effect.fnUntraced(function*(start: World, faults: ReadonlyArray<ConnectionFault>, rounds: number) {
  let recorder = start
  const { simulator } = start
  for (let round = 0; round < rounds; round++) {
    const venue = yield* Random.choice(venues)
    const chance = yield* Random.next
    if (chance < 0.08) {
      yield* recorder.shutDown
      recorder = yield* recorder.again
    } else if (chance < 0.2) {
      yield* simulator.faults.refuse({ kind: "tcp-close" }, { venue, forMillis: 200 })
      yield* simulator.faults.inject({ kind: "disconnect" }, { venue })
    } else if (chance < 0.3) {
      yield* simulator.faults.misanswer({ kind: "rest-short", trades: 7 }, { venue, forMillis: 3000 })
    } else if (chance < 0.4) {
      // Where ids do not follow each other, nobody can tell a made-up trade from a true one.
      const counted = yield* Random.choice(["binance", "coinbase", "okx"] as const)
      const form = yield* Random.choice(lieForms)
      yield* simulator.faults.misanswer({ kind: "rest-lie", form }, { venue: counted, times: 1 })
    } else {
      const dataType = yield* Random.choice(["trade", "orderbook"] as const)
      yield* simulator.faults.inject(yield* Random.choice(faults), { venue, dataType })
    }
    yield* Effect.sleep(yield* Random.nextBetween(0, 300))
  }
  yield* deliver(recorder, 20)
  return recorder
})

describe.concurrent("anything that goes wrong, in any order", () => {
  for (const secs of [0, 4]) {
    scenario(
      `with connections is told where it cost anything, ${secs} s before the end`,
      (seed) =>
        Effect.gen(function*() {
          const start = yield* world({ simulator: { seed, rate: 150 }, messageTimeoutSecs: 0.5, maxFileAgeSecs: 1 })
          yield* deliver(start, 20)
          const last = yield* storm(start, seen, 20)
          yield* Effect.sleep(secs * 1000)
          yield* conclude(last)
        })
    )
  }

  scenario(
    "with messages on open connections is told where the venue's numbers show it",
    (seed) =>
      Effect.gen(function*() {
        const start = yield* world({ simulator: { seed, rate: 150 }, hides: true, maxFileAgeSecs: 1 })
        yield* deliver(start, 20)
        yield* conclude(yield* storm(start, [...seen.slice(0, 6), ...hidden], 20))
      })
  )
})
