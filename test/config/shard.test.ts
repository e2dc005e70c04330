import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { errorOf, files, load, notations } from "./problemsOf.ts"
import { loadConfig } from "../../src/config/loadConfig.ts"

const markets = `[[markets]]
exchange = "okx"
symbols = ["BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT", "ADA-USDT"]
[[markets]]
exchange = "upbit"
symbols = ["KRW-BTC", "KRW-ETH"]
feeds = ["trades"]
`

const shard = (lines: string) => `[shard]\n${lines}\n${markets}`

describe("[shard]", () => {
  it.effect("shares the feeds out: each is recorded by one process, in the order of the file", () =>
    Effect.gen(function*() {
      const alone = yield* load(markets)
      const ids = alone.feeds.map(({ feed }) => feed.id)
      assert.strictEqual(alone.shard, null)
      const recorded: Array<string> = []
      for (let index = 0; index < 3; index++) {
        const config = yield* load(shard(`index = ${index}\ncount = 3`))
        assert.deepStrictEqual(config.shard, { index, count: 3 })
        assert.deepStrictEqual(config.allFeeds, alone.feeds)
        const own = config.feeds.map(({ feed }) => feed.id)
        assert.deepStrictEqual(own, ids.filter((id) => own.includes(id)))
        recorded.push(...own)
      }
      assert.deepStrictEqual(recorded.toSorted(), ids.toSorted())
    }))

  it.effect("is what the environment says, in place of each key of the file", () =>
    Effect.gen(function*() {
      const both = yield* load(shard("index = 0\ncount = 3"), { SHARD_INDEX: "1", SHARD_COUNT: "2" })
      assert.deepStrictEqual(both.shard, { index: 1, count: 2 })
      const index = yield* load(shard("count = 3"), { SHARD_INDEX: "2" })
      assert.deepStrictEqual(index.shard, { index: 2, count: 3 })
      assert.deepStrictEqual((yield* load(markets, { SHARD_INDEX: "0", SHARD_COUNT: "1" })).shard, {
        index: 0,
        count: 1
      })
    }))

  it.effect.each([["ticklake-2", 2], ["okx-spot.1-0", 0], ["tick2lake-11", 11], ["03", 3]] as const)(
    "takes the number at the end of a name: %s",
    ([name, index]) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* load(markets, { SHARD_INDEX: name, SHARD_COUNT: "12" })).shard?.index, index)
      })
  )

  it.effect.each(
    [
      ["count = 3", {}, "shard.index", "SHARD_INDEX"],
      ["", { SHARD_COUNT: "3" }, "shard.index", "SHARD_INDEX"],
      ["index = 1", {}, "shard.count", "SHARD_COUNT"],
      ["", { SHARD_INDEX: "ticklake-1" }, "shard.count", "SHARD_COUNT"],
      ["index = 3\ncount = 3", {}, "shard.index", "raise the count to 4"],
      ["index = 0\ncount = 3", { SHARD_INDEX: "ticklake-4" }, "SHARD_INDEX", "0 to 2"],
      ["index = 1\ncount = 3", { SHARD_COUNT: "1" }, "shard.index", "raise the count to 2"],
      ["index = 1.5\ncount = 3", {}, "shard.index", "index = 0"],
      ["index = \"1\"\ncount = 3", {}, "shard.index", "index = 1, without quotes"],
      ["index = 0\ncount = 0", {}, "shard.count", "count = 4"],
      ["index = 0\ncounts = 2", {}, "shard.counts", "did you mean count?"]
    ] as const
  )("is wrong with %j and %j", ([lines, environment, path, instead]) =>
    Effect.gen(function*() {
      const { problems } = yield* errorOf(shard(lines), environment)
      assert.deepStrictEqual(problems.map((problem) => problem.path), [path])
      assert.include(problems[0]?.instead, instead)
    }))

  it.effect("is told of together with all else that is wrong, and not where a part of it cannot be read", () =>
    Effect.gen(function*() {
      const told = (lines: string, environment: Readonly<Record<string, string>>) =>
        Effect.map(
          errorOf(`${shard(lines)}[storage]\nmode = "tape"`, environment),
          ({ problems }) => problems.map(({ path }) => path)
        )
      assert.deepStrictEqual(yield* told("count = 3", { LOG_LEVEL: "loud" }), [
        "storage.mode",
        "shard.index",
        "LOG_LEVEL"
      ])
      assert.deepStrictEqual(yield* told("count = 3", { SHARD_INDEX: "none" }), ["storage.mode", "SHARD_INDEX"])
      assert.deepStrictEqual(yield* told("index = 1\ncount = \"3\"", {}), ["shard.count", "storage.mode"])
    }))

  it.effect("need not be said in full to a command that records nothing", () =>
    Effect.gen(function*() {
      const config = yield* loadConfig({ path: null, notations, environment: {}, recordsNothing: true }).pipe(
        Effect.provide(files({ "config.toml": shard("count = 3") }))
      )
      assert.strictEqual(config.feeds.length, 12)
    }))
})

describe("DATA_DIR", () => {
  it.effect("is held against the archive in place of storage.data_dir", () =>
    Effect.gen(function*() {
      const { problems } = yield* errorOf(markets, { DATA_DIR: "data/archive/1" })
      assert.deepStrictEqual(problems.map(({ path }) => path), ["storage.local_path"])
      assert.include(problems[0]?.expected, "DATA_DIR")
      assert.include(problems[0]?.instead, "set DATA_DIR")
      const mended = yield* load(`[storage]\ndata_dir = "a"\nlocal_path = "a/b"\n${markets}`, { DATA_DIR: "c" })
      assert.strictEqual(mended.storage.dataDir, "c")
    }))
})
