import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, FileSystem, Layer, Redacted, Runtime } from "effect"
import { Command } from "effect/cli"
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { basename, dirname } from "node:path"
import { coverage as command } from "../../src/cli/coverage.ts"
import { document } from "../../src/cli/coverage/document.ts"
import { surveyOf } from "../../src/cli/coverage/survey.ts"
import { text } from "../../src/cli/coverage/text.ts"
import { localSource } from "../../src/cli/inspect/localSource.ts"
import { s3Source } from "../../src/cli/inspect/s3Source.ts"
import { noOverrides } from "../../src/config/Overrides.ts"
import { resolveConfig } from "../../src/config/resolveConfig.ts"
import type { GapEvent, TradeEvent } from "../../src/domain/Event.ts"
import type { Gap } from "../../src/domain/Gap.ts"
import * as Series from "../../src/domain/Series.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { gapRow, tenOClock, trade, trades } from "../sinks/events.ts"
import * as s3StandIn from "../upload/s3StandIn.ts"
import { hyparquetMetadata } from "../sinks/readers.ts"
import { asNobody } from "./asNobody.ts"
import { type Options, recorder, type Written } from "./recordedFiles.ts"

const main = new URL("../../src/main.ts", import.meta.url).pathname
const okxTrades = Series.make("okx", "BTC-USDT", "trade")
const okxGaps = Series.make("okx", "BTC-USDT", "gap")
const upbitTrades = Series.make("upbit", "KRW-BTC", "trade")
const minute = 60_000_000
const hour = 60 * minute

interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** Runs the command in this process. */
const coverage = Effect.fnUntraced(function*(args: ReadonlyArray<string>) {
  const lines: Array<string> = []
  const log = (...said: ReadonlyArray<unknown>) => void lines.push(said.join(" "))
  const error = yield* Command.runWith(command, { version: "0" })(args).pipe(
    Effect.as(null),
    Effect.catch((error) => Effect.succeed(error)),
    Effect.provideService(Console.Console, { ...console, log })
  )
  const ran: Ran = {
    status: error === null ? 0 : Runtime.getErrorExitCode(error),
    out: lines.join("\n"),
    err: error === null ? "" : error.message
  }
  return ran
})

interface Hour {
  readonly hour: string
  readonly class: string
  readonly rows: number
  readonly missing: number | null
  readonly complete_percent: number | null
}

interface SaidFeed {
  readonly feed: string
  readonly home_server: string | null
  readonly rule: string | null
  readonly rows: number
  readonly missing: number | null
  readonly gaps_looked_for: boolean
  readonly hours: ReadonlyArray<Hour>
  readonly gaps: ReadonlyArray<{ readonly gap_id: string; readonly status: string }>
  readonly gaps_not_recorded: ReadonlyArray<{ readonly gaps: number }>
  readonly broken_chain: ReadonlyArray<{
    readonly reason: string
    readonly file: string | null
    readonly previous_file: string | null
  }>
}

interface Said {
  readonly feeds: ReadonlyArray<SaidFeed>
  readonly links: { readonly verified: number; readonly not_verified: number }
  readonly problems: ReadonlyArray<{ readonly file: string; readonly problem: string }>
}

const json = Effect.fnUntraced(function*(args: ReadonlyArray<string>) {
  const ran = yield* coverage([...args, "--json"])
  const said: Said = JSON.parse(ran.out)
  return { ...ran, said, hours: classes(said.feeds[0]) }
})

/** Of each hour of the day its class. */
const classes = (feed: SaidFeed | undefined): Record<string, string> =>
  Object.fromEntries((feed?.hours ?? []).map((each) => [each.hour.slice(11, 13), each.class]))

const tradeAt = (micros: number) => trade(Math.round((micros - tenOClock) / 1000), { timestampCollector: micros })
const gapAt = (saidMicros: number, over: Partial<Gap>) => ({ ...gapRow(0, over), timestampCollector: saidMicros })

/** Four files: from 10:00, 10:50 (into the next hour), 11:30 and 14:00 on. */
const fourFiles = async (root: string, options?: Options): Promise<ReadonlyArray<Written>> => {
  const { write } = recorder(root, okxTrades, options)
  return [
    await write([trades(35), trades(10, 35)]),
    await write([[50, 55, 59, 61, 65].map((after) => tradeAt(tenOClock + after * minute))]),
    await write([[tradeAt(tenOClock + 90 * minute)]]),
    await write([[tradeAt(tenOClock + 4 * hour)]])
  ]
}

const folder = Effect.flatMap(
  FileSystem.FileSystem,
  (fs) => fs.makeTempDirectoryScoped({ prefix: "ticklake-coverage-" })
)
const written = (options?: Options) =>
  Effect.gen(function*() {
    const root = yield* folder
    return { root, files: yield* Effect.promise(() => fourFiles(root, options)) }
  })

/** Where a byte stands in the page of a column that neither counting the rows nor reading the gaps needs. */
const withinPage = async ({ path }: Written): Promise<number> => {
  const page = (await hyparquetMetadata(path)).row_groups[0]?.columns[2]?.meta_data
  return Number(page?.data_page_offset) + Number(page?.total_compressed_size) - 2
}

const allProven = { "10": "proven", "11": "proven", "12": "proven", "13": "proven", "14": "proven" }

describe("coverage", () => {
  it.live("of an unbroken chain is proven, with rows counted exactly where a row group spans two hours", () =>
    Effect.gen(function*() {
      const { root } = yield* written()
      const { err, hours, said, status } = yield* json([root])
      assert.strictEqual(status, 0, err)
      assert.deepStrictEqual(hours, allProven)
      assert.deepStrictEqual(said.feeds[0]?.hours.map(({ rows }) => rows), [48, 3, 0, 0, 1])
      assert.deepStrictEqual(said.feeds[0]?.hours.map((each) => each.complete_percent), [100, 100, 100, 100, 100])
      assert.deepStrictEqual(said.links, { verified: 3, not_verified: 0 })
      assert.deepStrictEqual([said.feeds[0]?.rule, said.feeds[0]?.missing], ["consecutive", 0])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("goes by what was said last of each gap", () =>
    Effect.gen(function*() {
      const { root } = yield* written()
      const ledger = recorder(root, okxGaps)
      const lost: Partial<Gap> = {
        id: "a",
        revision: 0,
        openedMicros: tenOClock + 65 * minute,
        closedMicros: tenOClock + 66 * minute,
        missing: 6
      }
      const other: Partial<Gap> = { ...lost, id: "b", openedMicros: tenOClock, closedMicros: tenOClock + 1, missing: 2 }
      const books: Partial<Gap> = { ...lost, id: "c", dataType: "orderbook", missing: null }
      yield* Effect.promise(() =>
        ledger.write([[gapAt(tenOClock + 70 * minute, lost), gapAt(tenOClock + 71 * minute, other)], [
          gapAt(tenOClock + 72 * minute, books)
        ]])
      )
      const hole = yield* json([root, "--feed", "okx/BTC-USDT/trade"])
      assert.strictEqual(hole.status, 0, hole.err)
      assert.deepStrictEqual(hole.hours, { ...allProven, "10": "hole", "11": "hole" })
      assert.deepStrictEqual(hole.said.feeds[0]?.hours.map(({ missing }) => missing), [2, 6, 0, 0, 0])
      assert.deepStrictEqual(hole.said.feeds[0]?.hours.map((each) => each.complete_percent).slice(0, 2), [96, 33.33])
      assert.strictEqual(hole.said.feeds[0]?.missing, 8)
      // Of the books there is the gap alone.
      const both = yield* json([root])
      assert.deepStrictEqual(both.said.feeds.map(({ feed }) => feed), ["okx/btcusdt/orderbook", "okx/btcusdt/trade"])
      assert.deepStrictEqual(both.hours, { "11": "hole" })

      const repaired = { ...lost, revision: 1, status: "repaired" as const, missing: 0, recovered: 6 }
      yield* Effect.promise(() => ledger.write([[gapAt(tenOClock + 50 * hour, repaired)]]))
      // Said two days after what is asked for.
      const { hours, said } = yield* json([root, "--feed", "okx/*/trade", "--to", "2026-03-14T12:00Z"])
      assert.deepStrictEqual(hours, { "10": "hole", "11": "repaired" })
      assert.deepStrictEqual(said.feeds[0]?.gaps.map(({ gap_id, status }) => [gap_id, status]), [
        ["b", "missing"],
        ["a", "repaired"]
      ])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("finds a removed file, a changed one and one that cannot be read, and ends with 1", () =>
    Effect.gen(function*() {
      const removed = yield* written()
      rmSync(removed.files[1]!.path)
      const first = yield* json([removed.root])
      assert.strictEqual(first.status, 1)
      assert.strictEqual(first.err, "unexplained: 2 hours of 1 feed")
      assert.deepStrictEqual(first.hours, { ...allProven, "10": "unexplained", "11": "unexplained" })
      assert.deepStrictEqual(first.said.feeds[0]?.broken_chain.map((each) => [each.reason, each.previous_file]), [
        ["missing", removed.files[1]!.key]
      ])

      const changed = yield* written()
      const bytes = readFileSync(changed.files[1]!.path)
      bytes[20] = bytes[20]! ^ 1
      writeFileSync(changed.files[1]!.path, bytes)
      const second = yield* json([changed.root])
      assert.deepStrictEqual([second.status, second.said.feeds[0]?.broken_chain[0]?.reason], [1, "changed"])
      assert.deepStrictEqual(second.hours, { ...allProven, "10": "unexplained", "11": "unexplained" })
      const unverified = yield* json([changed.root, "--no-verify"])
      assert.deepStrictEqual([unverified.status, unverified.said.links], [0, { verified: 0, not_verified: 3 }])

      const torn = yield* written()
      appendFileSync(torn.files[3]!.path, "torn")
      const third = yield* json([torn.root])
      assert.deepStrictEqual(third.hours, {
        "10": "proven",
        "11": "unexplained",
        "12": "unexplained",
        "13": "unexplained",
        "14": "unexplained"
      })
      assert.deepStrictEqual(third.said.problems.map(({ problem }) => problem), ["it does not end as a Parquet file"])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("finds a flipped byte in the newest file, whose SHA-256 no other names, and in the newest of the ledger", () =>
    Effect.gen(function*() {
      const flip = async (file: Written) => {
        const at = await withinPage(file)
        const bytes = readFileSync(file.path)
        bytes[at] = bytes[at]! ^ 4
        writeFileSync(file.path, bytes)
      }
      const damage = "does not have the bytes that were written"
      const { files, root } = yield* written()
      yield* Effect.promise(() => flip(files[3]!))
      const newest = yield* json([root])
      assert.deepStrictEqual([newest.status, newest.hours], [1, { ...allProven, "14": "unexplained" }])
      assert.deepStrictEqual(newest.said.feeds[0]?.broken_chain.map((each) => [each.reason, each.previous_file]), [
        ["unreadable", files[3]!.key]
      ])
      assert.deepStrictEqual(newest.said.problems.map(({ file }) => file), [files[3]!.path])
      assert.include(newest.said.problems[0]?.problem, damage)
      const unverified = yield* json([root, "--no-verify"])
      assert.deepStrictEqual([unverified.status, unverified.said.problems], [0, []])
      const before = yield* json([root, "--to", "2026-03-14T14:00Z"])
      assert.deepStrictEqual(before.status, 0)

      const sound = yield* written()
      const ledger = recorder(sound.root, okxGaps)
      const at = tenOClock + 70 * minute
      const dismissed = gapAt(at, { id: "a", status: "dismissed", openedMicros: at - minute, closedMicros: at })
      yield* Effect.promise(async () => flip(await ledger.write([[dismissed]])))
      const gaps = yield* json([sound.root])
      assert.deepStrictEqual([gaps.status, gaps.hours], [1, { ...allProven, "11": "unexplained" }])
      assert.include(gaps.said.problems[0]?.problem, damage)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("finds two files that follow on the same one, as after an older .state was put back, and ends with 1", () =>
    Effect.gen(function*() {
      const root = yield* folder
      const at = (minutes: number) => tenOClock + minutes * minute
      const feed = recorder(root, okxTrades)
      const { anew, first, second } = yield* Effect.promise(async () => {
        const first = await feed.write([[tradeAt(at(0)), tradeAt(at(50))]])
        const second = await feed.write([[tradeAt(at(65)), tradeAt(at(70))]])
        feed.remember(first)
        const anew = await feed.write([[tradeAt(at(130)), tradeAt(at(140))]])
        await feed.write([[tradeAt(at(185)), tradeAt(at(190))]])
        return { anew, first, second }
      })
      const { err, hours, said, status } = yield* json([root])
      assert.deepStrictEqual([status, err], [1, "unexplained: 3 hours of 1 feed"])
      assert.deepStrictEqual(hours, {
        "10": "unexplained",
        "11": "unexplained",
        "12": "unexplained",
        "13": "proven"
      })
      assert.deepStrictEqual(said.feeds[0]?.broken_chain.map((each) => [each.reason, each.file, each.previous_file]), [
        ["forked", second.key, first.key],
        ["forked", anew.key, first.key]
      ])
      const { out } = yield* coverage([root])
      for (const { key } of [second, anew]) {
        assert.include(out, `${key} follows on ${first.key}, and so does another file`)
      }
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("names a copy of a file under another name, and counts its rows once", () =>
    Effect.gen(function*() {
      // Of the first file, whose copy would begin a chain of its own, of one in the middle, and under a name of no recorder.
      for (const [which, name] of [[0, "1773482400001"], [1, "1773482400001"], [1, "1773485400000 (1)"]] as const) {
        const { files, root } = yield* written()
        const { key, path } = files[which]!
        const copy = `${dirname(path)}/${name}.parquet`
        copyFileSync(path, copy)
        for (const args of [[root], [root, "--no-verify"]]) {
          const { err, hours, said, status } = yield* json(args)
          assert.deepStrictEqual([status, hours], [0, allProven], err)
          assert.deepStrictEqual(said.feeds[0]?.rows, 52)
          assert.deepStrictEqual(said.problems.map(({ problem }) => problem), [`it is a copy of ${key}`])
          assert.include(copy, said.problems[0]?.file ?? "nothing")
        }
      }
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("takes of equal files the one in the folder of its feed for the original, whichever comes first", () =>
    Effect.gen(function*() {
      const day = "2026-03-14"
      for (const homeServer of [undefined, "tokyo-1"]) {
        const options = homeServer === undefined ? {} : { homeServer }
        const folders = homeServer === undefined
          ? [`okx/aaausdt/trade/${day}`, `okx/btcusdt/gap/${day}`, "okx/btcusdt/trade/2026-03-13"]
          : [`okx/btcusdt/trade/${day}`, `okx/btcusdt/trade/osaka-1/${day}`, `aaa/btcusdt/trade/tokyo-1/${day}`]
        for (const copies of folders) {
          const { files, root } = yield* written(options)
          const { key, path } = files[1]!
          const copy = `${root}/${copies}/${basename(path)}`
          mkdirSync(dirname(copy), { recursive: true })
          copyFileSync(path, copy)
          const { err, hours, said, status } = yield* json([root])
          assert.deepStrictEqual([status, hours], [0, allProven], err)
          assert.deepStrictEqual(said.problems, [{ file: copy, problem: `it is a copy of ${key}` }])
        }
      }
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("says nothing against files outside of the place and of the time that is asked for", () =>
    Effect.gen(function*() {
      const { root } = yield* written()
      const ahead = yield* json([root, "--from", "2026-03-14T11:30:00Z"])
      assert.deepStrictEqual([ahead.status, ahead.hours], [0, {
        "11": "proven",
        "12": "proven",
        "13": "proven",
        "14": "proven"
      }])
      assert.strictEqual(ahead.said.feeds[0]?.hours[0]?.rows, 3)
      const until = yield* json([root, "--to", "2026-03-14T13:00:00+00:00"])
      assert.deepStrictEqual([until.status, until.hours], [0, {
        "10": "proven",
        "11": "proven",
        "12": "proven"
      }])
      const beyond = yield* json([root, "--to", "2026-03-14T16:00:00Z"])
      assert.deepStrictEqual([beyond.status, beyond.hours], [1, {
        ...allProven,
        "14": "unexplained",
        "15": "unexplained"
      }])
      const { write } = recorder(root, okxTrades)
      yield* Effect.promise(() => write([[tradeAt(tenOClock + 24 * hour)]]))
      const begunAnew = yield* json([root, "--from", "2026-03-15"])
      assert.deepStrictEqual([begunAnew.status, begunAnew.hours["00"]], [1, "unexplained"])

      // One day alone, and its first file follows on one of another day.
      const days = recorder(root, upbitTrades, { rule: "stepping" })
      yield* Effect.promise(async () => {
        await days.write([[tradeAt(tenOClock)]])
        await days.write([[tradeAt(tenOClock + 24 * hour)]])
      })
      const day = yield* json([`${root}/upbit/krwbtc/trade/2026-03-15`])
      assert.deepStrictEqual([day.status, day.hours], [0, { "10": "not provable" }])
      assert.isFalse(day.said.feeds[0]?.gaps_looked_for)
      const market = yield* json([`${root}/upbit/krwbtc`, "--from", "2026-03-15"])
      assert.deepStrictEqual([market.status, market.hours["09"], market.hours["10"]], [0, "proven", "proven"])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("of the hour of --to is that of the whole hour, and of one that begins then nothing is said", () =>
    Effect.gen(function*() {
      const { root } = yield* written()
      const lost: Partial<Gap> = { openedMicros: tenOClock + 100 * minute, closedMicros: tenOClock + 101 * minute }
      yield* Effect.promise(() => recorder(root, okxGaps).write([[gapAt(tenOClock + 102 * minute, lost)]]))
      const until = (time: string) => Effect.map(json([root, "--to", time]), ({ hours }) => hours)
      assert.deepStrictEqual(yield* until("2026-03-14T11:30:05Z"), { "10": "proven", "11": "hole" })
      assert.deepStrictEqual(yield* until("2026-03-14T12:00Z"), { "10": "proven", "11": "hole" })
      assert.deepStrictEqual(yield* until("2026-03-14T11:00Z"), { "10": "proven" })
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("is a hole where a file knows of two gaps and one is recorded, until the other one is", () =>
    Effect.gen(function*() {
      const root = yield* folder
      const at = (minutes: number) => tenOClock + minutes * minute
      const feed = recorder(root, okxTrades)
      const ledger = recorder(root, okxGaps)
      const record = (number: number, opened: number) => {
        const over = { id: `trade-1-${number}`, openedMicros: at(opened), closedMicros: at(opened + 1) }
        return ledger.write([[gapAt(at(opened + 1), over)]])
      }
      yield* Effect.promise(async () => {
        await feed.write([[tradeAt(at(0)), tradeAt(at(50))]], 0, null)
        await feed.write([[tradeAt(at(65))], [tradeAt(at(170))]], 1, { run: "trade-1", first: 1, last: 2 })
        await feed.write([[tradeAt(at(185)), tradeAt(at(250))]], 0, null)
        await feed.write([[tradeAt(at(305)), tradeAt(at(310))]], 0, null)
        await record(1, 70)
      })
      const one = yield* json([root])
      assert.strictEqual(one.status, 0)
      const untold = Object.fromEntries(Object.keys(allProven).map((hour) => [hour, "hole"]))
      assert.deepStrictEqual(one.hours, { ...untold, "15": "proven" })
      assert.isNull(one.said.feeds[0]?.missing)
      assert.deepStrictEqual(one.said.feeds[0]?.gaps_not_recorded.map(({ gaps }) => gaps), [1])
      assert.include((yield* coverage([root])).out, "1 file tells of gaps of which no record is here yet")
      const later = yield* json([root, "--from", "2026-03-14T14:00Z", "--to", "2026-03-14T15:00Z"])
      assert.deepStrictEqual(later.hours, { "14": "hole" })
      yield* Effect.promise(() => record(2, 80))
      const both = yield* json([root])
      assert.deepStrictEqual(both.hours, { ...allProven, "11": "hole", "15": "proven" })
      assert.deepStrictEqual(both.said.feeds[0]?.gaps_not_recorded, [])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("is unexplained where a file of the ledger is missing", () =>
    Effect.gen(function*() {
      const { root } = yield* written()
      const ledger = recorder(root, okxGaps)
      const one = yield* Effect.promise(async () => {
        const at = (minutes: number) => tenOClock + minutes * minute
        await ledger.write([[
          gapAt(at(62), { id: "a", status: "dismissed", openedMicros: at(61), closedMicros: at(62) })
        ]])
        const lost = await ledger.write([[
          gapAt(at(130), { id: "b", openedMicros: at(125), closedMicros: at(130) })
        ]])
        await ledger.write([[gapAt(at(200), { id: "c", openedMicros: at(195), closedMicros: at(200) })]])
        return lost
      })
      const before = yield* json([root])
      assert.deepStrictEqual(before.hours, { ...allProven, "12": "hole", "13": "hole" })
      rmSync(one.path)
      const { hours, status } = yield* json([root])
      assert.strictEqual(status, 1)
      assert.deepStrictEqual(hours, { ...allProven, "12": "unexplained", "13": "unexplained" })
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("is not provable around a crash whose ledger is gone, and a hole where it is there", () =>
    Effect.gen(function*() {
      const root = yield* folder
      const at = (minutes: number) => tenOClock + minutes * minute
      const feed = recorder(root, okxTrades)
      const ledger = yield* Effect.promise(async () => {
        await feed.write([[tradeAt(at(0)), tradeAt(at(55))]])
        await feed.write([[tradeAt(at(65)), tradeAt(at(70))]], null)
        await feed.write([[tradeAt(at(125))], [tradeAt(at(190))]])
        await feed.write([[tradeAt(at(245)), tradeAt(at(250))]])
        const crash = { id: "a", openedMicros: at(70), closedMicros: at(125) }
        return recorder(root, okxGaps).write([[gapAt(at(126), crash)]])
      })
      const sound = yield* json([root])
      assert.deepStrictEqual([sound.status, sound.hours], [0, {
        "10": "proven",
        "11": "hole",
        "12": "hole",
        "13": "proven",
        "14": "proven"
      }])
      rmSync(ledger.path)
      const lost = yield* json([root])
      assert.deepStrictEqual([lost.status, lost.hours], [0, {
        "10": "proven",
        "11": "not provable",
        "12": "not provable",
        "13": "not provable",
        "14": "proven"
      }])
      assert.isNull(lost.said.feeds[0]?.missing)
      const { out } = yield* coverage([root])
      assert.include(
        out,
        "1 file of a start after a crash cannot say which gaps there were, and no record of gaps is here"
      )
      // The file without a count is none of those that have rows in this time.
      const later = yield* json([root, "--from", "2026-03-14T13:00Z", "--to", "2026-03-14T14:00Z"])
      assert.deepStrictEqual([later.status, later.hours], [0, { "13": "not provable" }])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("is not provable for venues without numbers, and for files of earlier versions", () =>
    Effect.gen(function*() {
      const blind = yield* written({ rule: "none" })
      const old = yield* written({ rule: null })
      for (const { root } of [blind, old]) {
        const { hours, said, status } = yield* json([root])
        assert.strictEqual(status, 0)
        assert.deepStrictEqual(new Set(Object.values(hours)), new Set(["not provable"]))
        assert.isNull(said.feeds[0]?.missing)
      }
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("keeps redundant recorders apart", () =>
    Effect.gen(function*() {
      const root = yield* folder
      const [, lost] = yield* Effect.promise(() => fourFiles(root, { homeServer: "tokyo-1" }))
      yield* Effect.promise(() => fourFiles(root, { homeServer: "tokyo-2" }))
      rmSync(lost!.path)
      const { said } = yield* json([root])
      assert.deepStrictEqual(said.feeds.map((each) => [each.home_server, classes(each)["10"]]), [
        ["tokyo-1", "unexplained"],
        ["tokyo-2", "proven"]
      ])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("prints a map with letters, or with colours on request", () =>
    Effect.gen(function*() {
      const { files, root } = yield* written()
      const { out } = yield* coverage([root])
      const [head = "", line = ""] = out.split("\n")
      assert.match(line, /^okx\/btcusdt\/trade {2}2026-03-14 {2}\.{10}PPPPP\.{9} {4}52 {8}0$/)
      assert.strictEqual(line.indexOf("PPPPP"), head.indexOf("0     6     12") + 10)
      assert.include(out, "P proven   R repaired   n not provable   H hole   U unexplained   . nothing is claimed")
      assert.include(out, "1 feed, 5 hours: 5 proven\n52 rows, missing: 0, complete: 100.00 %")
      rmSync(files[1]!.path)
      const broken = yield* coverage([root])
      assert.include(broken.out, `${files[1]!.key} is not here, and ${files[2]!.key} follows on it`)
      const question = { asked: () => true, from: null, to: null, verify: true }
      const survey = yield* surveyOf(yield* localSource(root), question)
      const [, coloured = ""] = text(survey, true).split("\n")
      assert.include(coloured, "..........\u001B[97;41mUU\u001B[0m\u001B[30;42mPPP\u001B[0m.........  ")
      // oxlint-disable-next-line no-control-regex
      assert.strictEqual(coloured.replaceAll(/\u001B\[[\d;]+m/g, ""), text(survey, false).split("\n")[1])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("of a place with a folder that cannot be read ends with 1, whatever the rest of it proves", () =>
    Effect.gen(function*() {
      const { root } = yield* written()
      chmodSync(root, 0o755)
      const bybit = recorder(root, Series.make("bybit", "BTCUSDT", "trade"))
      yield* Effect.promise(() => bybit.write([[tradeAt(tenOClock)]]))
      const lost = recorder(`${root}/lost+found`, upbitTrades)
      yield* Effect.promise(() => lost.write([[tradeAt(tenOClock)]]))
      chmodSync(`${root}/lost+found`, 0)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const name of ["lost+found", "bybit"]) chmodSync(`${root}/${name}`, 0o755)
        })
      )
      const sound = yield* asNobody(json([root]))
      assert.deepStrictEqual([sound.status, sound.said.problems, sound.said.feeds.length], [0, [], 2], sound.err)
      chmodSync(`${root}/bybit`, 0)
      const { err, said, status } = yield* asNobody(json([root]))
      assert.deepStrictEqual([status, err], [
        1,
        "1 folder could not be read: feeds, hours and holes may be missing above"
      ])
      assert.deepStrictEqual(said.feeds.map(({ feed }) => feed), ["okx/btcusdt/trade"])
      assert.deepStrictEqual(said.problems.map(({ file }) => file), [`${root}/bybit`])
      assert.match(said.problems[0]?.problem ?? "", /^this folder cannot be read: EACCES/)
      const narrowed = yield* asNobody(coverage([root, "--feed", "bybit"]))
      assert.deepStrictEqual(narrowed.status, 1)
      assert.include(narrowed.err, `${root}/bybit: this folder cannot be read: EACCES`)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("follows links to folders, none of them twice, and tells of one that leads nowhere", () =>
    Effect.gen(function*() {
      const { root } = yield* written()
      const disk = yield* folder
      const upbit = recorder(disk, upbitTrades)
      yield* Effect.promise(() => upbit.write([[tradeAt(tenOClock)]]))
      symlinkSync(`${disk}/upbit`, `${root}/upbit`)
      symlinkSync(root, `${disk}/upbit/again`)
      symlinkSync("okx", `${root}/a-second-name`)
      const sound = yield* json([root])
      assert.deepStrictEqual([sound.status, sound.said.problems], [0, []], sound.err)
      assert.deepStrictEqual(sound.said.feeds.map(({ feed, rows }) => [feed, rows]), [
        ["okx/btcusdt/trade", 52],
        ["upbit/krwbtc/trade", 1]
      ])
      rmSync(`${disk}/upbit`, { recursive: true })
      const { err, said, status } = yield* json([root])
      assert.strictEqual(status, 1)
      assert.match(err, /^1 folder could not be read/)
      assert.match(said.problems[0]?.problem ?? "", /^this link cannot be followed: ENOENT/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("says what is wrong with its flags and its place", () =>
    Effect.gen(function*() {
      const { root } = yield* written()
      const told = (args: ReadonlyArray<string>) =>
        Effect.map(coverage(args), ({ err, status }) => {
          assert.strictEqual(status, 1)
          return err
        })
      assert.match(yield* told([root, "--from", "14.3.2026"]), /^--from: "14\.3\.2026" is no time: write a day/)
      assert.match(yield* told([root, "--from", "2026-02-30"]), /^--from: "2026-02-30" is no time/)
      assert.match(yield* told([root, "--to", "2026-03-14T10:00:00"]), /^--to: .* with its zone/)
      assert.match(
        yield* told([root, "--from", "2026-03-14T10:00Z", "--to", "2026-03-14T09:00Z"]),
        /^--from: 2026-03-14T10:00Z is after --to 2026-03-14T09:00Z$/
      )
      assert.strictEqual(
        yield* told([root, "--from", "2999-01-01", "--to", "2026-03-14"]),
        "--from: 2999-01-01 is after --to 2026-03-14"
      )
      assert.strictEqual(
        yield* told([root, "--from", "2026-03-15", "--to", "2026-03-14"]),
        "--from: 2026-03-15 is after --to 2026-03-14"
      )
      assert.strictEqual(
        yield* told([root, "--from", "2026-03-14T10:30Z", "--to", "2026-03-14T10:15Z"]),
        "--from: 2026-03-14T10:30Z is after --to 2026-03-14T10:15Z"
      )
      assert.strictEqual(
        yield* told([root, "--from", "2026-03-14T10:00Z", "--to", "2026-03-14T10:00Z"]),
        "--from: 2026-03-14T10:00Z is not before --to 2026-03-14T10:00Z"
      )
      assert.match(yield* told([root, "--from", "2999-01-01"]), /is still to come$/)
      assert.match(yield* told([root, "--feed", "bybit"]), /nothing is recorded here of the feeds/)
      assert.match(yield* told([`${root}/none`]), /there is no such file or folder$/)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("ends with 0 and 1 as a program, and leaves colours out of a pipe", () =>
    Effect.gen(function*() {
      const { files, root } = yield* written()
      const run = () => spawnSync(process.execPath, [main, "coverage", "."], { cwd: root, encoding: "utf8" })
      const sound = run()
      assert.deepStrictEqual([sound.status, sound.stderr], [0, ""])
      assert.notInclude(sound.stdout, "\u001B")
      rmSync(files[1]!.path)
      const broken = run()
      assert.deepStrictEqual([broken.status, broken.stderr], [1, "unexplained: 2 hours of 1 feed\n"])
    }).pipe(Effect.provide(NodeServices.layer)))
})

const config = (endpoint: string) =>
  resolveConfig(
    "test",
    { aws: { endpoint, force_path_style: true }, markets: [] },
    noOverrides,
    {
      aws: { accessKeyId: Redacted.make("AKIDTICKLAKE"), secretAccessKey: Redacted.make("very-secret-indeed") },
      coinbase: null
    }
  )

/** One run of a recorder, from start to stop, as the sinks write it. */
const record = (dataDir: string, rows: ReadonlyArray<TradeEvent>, gaps: ReadonlyArray<GapEvent>) =>
  Effect.scoped(Effect.gen(function*() {
    const sinks = yield* Sinks
    const ledger = yield* sinks.open(okxGaps)
    yield* ledger.append(gaps)
    const sink = yield* sinks.open(okxTrades, { rule: "consecutive" })
    yield* sink.append(rows)
  })).pipe(Effect.provide(
    ParquetSinks.layer({ dataDir, homeServerName: null, rowGroupRows: 10, writeBeside: false }).pipe(
      Layer.provide(Journal.layerNone),
      Layer.provide(Telemetry.layer)
    ),
    { local: true }
  ))

describe("coverage of what the sinks write", () => {
  it.live("is proven over restarts, with the holes that the ledger tells of, and broken without one of the files", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const root = yield* folder
      const at = (minutes: number) => tenOClock + minutes * minute
      const restart = (opened: number, closed: number) => ({
        id: `restart-${opened}`,
        cause: "recorder_stopped" as const,
        openedMicros: at(opened),
        closedMicros: at(closed),
        missing: 4
      })
      yield* record(root, [0, 20, 70].map((after) => tradeAt(at(after))), [])
      yield* record(root, [130, 190].map((after) => tradeAt(at(after))), [gapAt(at(130), restart(125, 130))])
      yield* record(root, [tradeAt(at(250))], [gapAt(at(250), { ...restart(245, 250), missing: 1 })])
      const expected = { "10": "proven", "11": "proven", "12": "hole", "13": "proven", "14": "hole" }
      const sound = yield* json([root])
      assert.strictEqual(sound.status, 0, sound.err)
      assert.deepStrictEqual(sound.hours, expected)
      assert.deepStrictEqual(sound.said.links, { verified: 3, not_verified: 0 })
      assert.deepStrictEqual([sound.said.feeds[0]?.rows, sound.said.feeds[0]?.missing], [6, 5])

      const lost = (yield* fs.readDirectory(root, { recursive: true })).filter((name) =>
        /trade.*\.parquet$/.test(name)
      ).toSorted()[1]
      rmSync(`${root}/${lost}`)
      const broken = yield* json([root])
      assert.strictEqual(broken.status, 1)
      assert.deepStrictEqual(broken.said.feeds[0]?.broken_chain.map((each) => each.previous_file), [lost ?? null])
      assert.deepStrictEqual([broken.hours["12"], broken.hours["13"]], ["unexplained", "unexplained"])
    }).pipe(Effect.provide(NodeServices.layer)))
})

describe("coverage of a bucket", () => {
  it.live("takes a file that is moved away meanwhile neither for lost nor for proven", () =>
    Effect.gen(function*() {
      const { files } = yield* written()
      const server = yield* s3StandIn.make()
      for (const { key, path } of files) server.place(key, readFileSync(path))
      const source = yield* s3Source("s3://market-data", config(server.endpoint))
      server.objects().delete(files[1]!.key)
      const question = { asked: () => true, from: null, to: null, verify: false }
      const said = document("", yield* surveyOf(source, question), { from: null, to: null })
      assert.deepStrictEqual(said.feeds[0]?.hours.map((each) => each.class), [
        "not provable",
        "not provable",
        "proven",
        "proven",
        "proven"
      ])
      assert.deepStrictEqual([said.left_out.gone, said.problems, said.feeds[0]?.broken_chain], [1, [], []])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  for (const checksums of [true, false]) {
    it.live(`compares ${checksums ? "the checksums that the store keeps" : "what it reads, where the store keeps no checksums"}`, () =>
      Effect.gen(function*() {
        const { files } = yield* written()
        const server = yield* s3StandIn.make({ checksums })
        const places = yield* Effect.promise(() => Promise.all(files.map((file) => withinPage(file))))
        const place = (garbled: number | null) => {
          files.forEach(({ key, path }, index) => {
            const bytes = readFileSync(path)
            const at = places[index]!
            if (index === garbled) bytes[at] = bytes[at]! ^ 1
            const checksum = createHash("sha256").update(bytes).digest("base64")
            server.objects().set(key, {
              body: bytes,
              checksum: checksums ? checksum : null,
              metadata: {},
              etag: "\"x\""
            })
          })
        }
        const ask = (verify: boolean, prefix = "") =>
          Effect.scoped(Effect.gen(function*() {
            const source = yield* s3Source(`s3://market-data/${prefix}`, config(server.endpoint))
            const survey = yield* surveyOf(source, { asked: () => true, from: null, to: null, verify })
            return document("", survey, { from: null, to: null })
          }))
        place(null)
        const sound = yield* ask(false)
        assert.deepStrictEqual(sound.hours_by_class.proven, 5)
        assert.deepStrictEqual(
          sound.links,
          checksums ? { verified: 3, not_verified: 0 } : { verified: 0, not_verified: 3 }
        )
        place(1)
        const reasons = (said: typeof sound) => said.feeds[0]?.broken_chain.map(({ reason }) => reason)
        assert.deepStrictEqual(reasons(yield* ask(false)), checksums ? ["changed"] : [])
        assert.deepStrictEqual(reasons(yield* ask(true)), ["changed"])
        place(3)
        assert.deepStrictEqual([reasons(yield* ask(false)), reasons(yield* ask(true))], [[], ["unreadable"]])
        // A prefix that leaves the first file out.
        const part = yield* ask(false, files[1]!.key.slice(0, -"0000.parquet".length))
        assert.deepStrictEqual(reasons(part), [])
      }).pipe(Effect.provide(NodeServices.layer)))
  }
})
