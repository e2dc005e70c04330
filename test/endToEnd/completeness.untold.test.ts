import { assert, describe } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { surveyOf } from "../../src/cli/coverage/survey.ts"
import { localSource } from "../../src/cli/inspect/localSource.ts"
import { conclude, deliver, scenario } from "./completeness.ts"
import { feedsOf, missSome, recorderOf, symbolOf, withoutRepair } from "./missedMarket.ts"

describe.concurrent("what is said of gaps, while it is in no file that is here", () => {
  for (const venue of ["binance", "okx", "bybit"] as const) {
    scenario(`${venue}: leaves no hour proven, whatever the cause of the gaps`, (seed) =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const made = yield* recorderOf(venue, seed, { configure: withoutRepair })
        const folder = made.config.storage.localPath
        const survey = Effect.flatMap(localSource(folder), (source) =>
          surveyOf(source, { asked: () => true, from: null, to: null, verify: true }))
        const { book, trades } = feedsOf(venue)
        yield* deliver(made, 20)
        yield* missSome(made, [venue], 40, made.simulator.faults.inject({ kind: "disconnect" }))
        yield* deliver(made, 20)
        const found = yield* conclude(made)
        for (const { coverage } of (yield* survey).feeds) {
          assert.deepStrictEqual(coverage.untold, [])
        }

        const names = yield* fs.readDirectory(folder, { recursive: true })
        const ledger = names.find((name) =>
          /\/gap\/.*\.parquet$/.test(name)
        ) ?? assert.fail(names.join())
        // As it is until it is sealed and stored, and for ever where it is lost: no later one names it.
        yield* fs.remove(`${folder}/${ledger}`)
        const { feeds } = yield* survey
        assert.deepStrictEqual(
          feeds.map(({ feed }) => feed),
          [book, trades],
          symbolOf(venue)
        )
        for (const { coverage, feed } of feeds) {
          assert.deepStrictEqual(new Set(coverage.hours.map((each) => each.class)), new Set(["hole"]), feed)
          assert.deepStrictEqual([coverage.complete, coverage.missing], [null, null], feed)
          const untold = coverage.untold.reduce((sum, { gaps }) => sum + gaps, 0)
          assert.strictEqual(untold, found.gaps(feed).length, feed)
        }
      }).pipe(Effect.orDie))
  }
})
