import { assert, describe, it } from "@effect/vitest"
import { Effect, Path } from "effect"
import { crc32 } from "node:zlib"
import * as checkpointRecord from "../../src/sinks/checkpointRecord.ts"
import * as journalRecord from "../../src/sinks/journalRecord.ts"
import { magic } from "../../src/sinks/JournalSegment.ts"
import * as recordFrame from "../../src/sinks/recordFrame.ts"
import { PageBytes } from "../../src/sinks/PageBytes.ts"
import * as MemoryKeeper from "../../src/sinks/MemoryKeeper.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import { encodeRowGroup } from "../../src/sinks/rowGroupEncoder.ts"
import { fromThrift } from "../../src/sinks/rowGroupMetadata.ts"
import { chanceOf } from "./crashModel.ts"
import { nothingSealed, tenOClock, trade, trades } from "./events.ts"
import {
  cut,
  dataDir,
  feed,
  flip,
  journalOf,
  keepCheckpoints,
  leftBehind,
  open,
  recover,
  segment,
  upTo
} from "./leftBehind.ts"
import * as packageThrift from "./packageThrift.ts"
import { parquetRows } from "./readers.ts"
import { SimulatedDisk } from "./simulatedFileSystem.ts"

describe("after a kill", () => {
  it.effect("the open file is finished and what only the journal has follows in another", () =>
    Effect.gen(function*() {
      const { ids, lines, setAside, stats } = yield* recover(yield* leftBehind)
      assert.deepStrictEqual(ids, upTo(20))
      assert.deepInclude(stats, { filesRecovered: 1, rowsRecovered: 2 })
      assert.deepStrictEqual(setAside, [])
      assert.match(
        lines.at(-1) ?? "",
        /^Info recovered .* 1 open files with 18 rows finished, 2 rows taken from the journal/
      )
    }))

  it.effect("a second recovery finds nothing to do", () =>
    Effect.gen(function*() {
      const disk = yield* leftBehind
      yield* recover(disk)
      const { ids, lines, stats } = yield* recover(disk)
      assert.deepStrictEqual(ids, upTo(20))
      assert.deepInclude(stats, { filesRecovered: 0, rowsRecovered: 0 })
      assert.deepStrictEqual(lines.filter((line) => line.includes("recovered")), [])
    }))

  it.effect("recovery that is itself ended at any point is done again, exactly", () =>
    Effect.gen(function*() {
      const chance = chanceOf(3)
      for (let after = 1; after < 70; after++) {
        for (const end of ["kill", "crash"] as const) {
          for (const damaged of [false, true]) {
            const disk = yield* leftBehind
            if (damaged) flip(disk, open, 200)
            disk.failAt = disk.operations + after
            yield* Effect.exit(recover(disk))
            disk[end](chance)
            const { damage, ids } = yield* recover(disk)
            assert.deepStrictEqual(ids, upTo(20), `${end} at ${after}, ${String(damaged)}`)
            assert.deepStrictEqual(damage, [], "the journal has all of it")
          }
        }
      }
    }))
})

describe("a damaged folder", () => {
  const cases: ReadonlyArray<{
    readonly what: string
    readonly damage: (disk: SimulatedDisk) => void
    readonly rows?: ReadonlyArray<number>
    readonly setAside?: ReadonlyArray<string>
    readonly reason?: RegExp
    /** What a sealed file says that the disk did not give back. */
    readonly told?: string
  }> = [
    { what: "checkpoints with a torn end", damage: (disk) => cut(disk, `${open}.groups`, 1) },
    {
      what: "checkpoints that have lost the last two row groups, which the journal has",
      damage: (disk) => keepCheckpoints(disk, 2)
    },
    {
      what: "checkpoints that have lost the last two row groups, of which the journal has later rows alone",
      damage: (disk) => {
        keepCheckpoints(disk, 2)
        disk.put(segment, journalOf(15, 16, 17, 18, 19))
      },
      rows: [0, 1, 2, 3, 4, 5, 15, 16, 17, 18, 19],
      told: "row_groups",
      setAside: ["binance.btcusdt.trade.1773482400000.parquet"],
      reason: /no longer tell of all that was written to it: 9 rows are in nothing else/
    },
    {
      what: "checkpoints with a flipped byte at their end, of rows that the journal has not",
      damage: (disk) => {
        flip(disk, `${open}.groups`, -5)
        disk.put(segment, journalOf(18, 19))
      },
      rows: [...upTo(12), 18, 19],
      told: "row_groups",
      setAside: ["binance.btcusdt.trade.1773482400000.parquet"],
      reason: /6 rows are in nothing else/
    },
    {
      what: "checkpoints that have lost their end, and nothing was recorded after it",
      damage: (disk) => {
        keepCheckpoints(disk, 3)
        disk.put(segment, Buffer.alloc(0))
      },
      // As after a power cut that came before the rows were known to the disk: what comes next tells of a crash since the last row.
      rows: upTo(12)
    },
    {
      what: "checkpoints that tell of none of the row groups",
      damage: (disk) => {
        keepCheckpoints(disk, 1)
        disk.put(segment, journalOf(18, 19))
      },
      rows: [18, 19],
      told: "file_before",
      setAside: ["binance.btcusdt.trade.1773482400000.parquet.groups", "binance.btcusdt.trade.1773482400000.parquet"],
      reason: /do not tell of the row groups that are in it/
    },
    {
      what: "an open file with a flipped byte",
      damage: (disk) => flip(disk, open, 200),
      setAside: ["binance.btcusdt.trade.1773482400000.parquet"],
      reason: /1 of its 3 row groups do not have the bytes that were written/
    },
    {
      what: "an open file with a flipped byte, without a journal",
      damage: (disk) => {
        flip(disk, open, 200)
        disk.put(segment, Buffer.alloc(0))
      },
      rows: upTo(18).slice(6),
      told: "row_groups",
      setAside: ["binance.btcusdt.trade.1773482400000.parquet"],
      reason: /keep it to look into/
    },
    {
      what: "an open file that is shorter than its checkpoints say",
      damage: (disk) => cut(disk, open, 10),
      setAside: ["binance.btcusdt.trade.1773482400000.parquet"],
      reason: /1 of its 3 row groups/
    },
    {
      what: "an open file without checkpoints",
      damage: (disk) => disk.put("/data/.open/okx.ethusdt.trade.5.parquet", Buffer.from("PAR1 and then something")),
      setAside: ["okx.ethusdt.trade.5.parquet"],
      reason: /no checkpoints beside it/
    },
    {
      what: "checkpoints that do not say what the file is",
      damage: (disk) => flip(disk, `${open}.groups`, 25),
      setAside: ["binance.btcusdt.trade.1773482400000.parquet.groups", "binance.btcusdt.trade.1773482400000.parquet"],
      reason: /checkpoints of this open file cannot be read/,
      // Nobody can say what was in it.
      told: "file_before"
    },
    {
      what: "checkpoints with a flipped byte in the middle",
      damage: (disk) => flip(disk, `${open}.groups`, 150),
      setAside: ["binance.btcusdt.trade.1773482400000.parquet"],
      reason: /a part of its checkpoints/
    },
    {
      what: "empty files and foreign ones",
      damage: (disk) => {
        disk.put("/data/.open/okx.ethusdt.trade.5.parquet", Buffer.alloc(0))
        disk.put("/data/.open/notes.txt", Buffer.from("buy milk"))
        disk.put("/data/.journal/notes.txt", Buffer.from("and bread"))
      },
      setAside: ["notes.txt", "notes.txt.1", "okx.ethusdt.trade.5.parquet"],
      reason: /no file that ticklake makes here/
    },
    {
      what: "a journal with a torn end, of rows that are in a row group",
      damage: (disk) => cut(disk, segment, 3),
      rows: upTo(18)
    },
    { what: "an empty journal", damage: (disk) => disk.put(segment, Buffer.alloc(0)), rows: upTo(18) },
    {
      what: "a journal with a flipped byte",
      damage: (disk) => flip(disk, segment, 100),
      setAside: ["000000000001.journal"],
      reason: /journal segment is damaged/
    },
    {
      what: "a journal of another version",
      damage: (disk) => flip(disk, segment, 7, 3),
      rows: upTo(18),
      setAside: ["000000000001.journal"],
      reason: /format of another version/
    },
    {
      what: "checkpoints that tell of everything twice",
      damage: (disk) => {
        const checkpoints = disk.files(dataDir).get(`${open.slice("/data/".length)}.groups`)!
        disk.put(`${open}.groups`, Buffer.concat([checkpoints, checkpoints.subarray(checkpointRecord.magic.length)]))
      },
      setAside: ["binance.btcusdt.trade.1773482400000.parquet"],
      reason: /3 of the 6 row groups that the checkpoints of this open file tell of are there twice/
    },
    {
      what: "a copy of an open file beside it",
      damage: (disk) => {
        for (const end of ["", ".groups"]) {
          const content = disk.files(dataDir).get(`${open.slice("/data/".length)}${end}`)!
          disk.put(`${open.replace("000.parquet", "001.parquet")}${end}`, Buffer.from(content))
        }
      },
      setAside: [
        "binance.btcusdt.trade.1773482400001.parquet",
        "binance.btcusdt.trade.1773482400001.parquet.groups"
      ],
      reason: /All row groups of this open file are in another one too/
    },
    {
      what: "a copy, under an earlier name, that an open file has outgrown",
      damage: (disk) => {
        const copy = open.replace("1773482400000", "1773482399999")
        const content = disk.files(dataDir).get(open.slice("/data/".length))!
        const checkpoints = disk.files(dataDir).get(`${open.slice("/data/".length)}.groups`)!
        const groups = recordFrame.scan(checkpoints, checkpointRecord.magic.length).frames
        const last = checkpointRecord.decode(groups.at(-1)!.body)
        assert.isTrue(last?.kind === "group")
        disk.put(copy, Buffer.from(content))
        disk.put(
          `${copy}.groups`,
          checkpoints.subarray(0, -checkpointRecord.encode(last as checkpointRecord.GroupRecord).length)
        )
      },
      setAside: ["binance.btcusdt.trade.1773482400000.parquet"],
      reason: /2 of the 3 row groups/
    }
  ]
  for (const { damage, reason, rows = upTo(20), setAside = [], told, what } of cases) {
    it.effect(`with ${what} is put in order`, () =>
      Effect.gen(function*() {
        const disk = yield* leftBehind
        damage(disk)
        const result = yield* recover(disk)
        assert.deepStrictEqual(result.ids, rows)
        assert.sameMembers(result.setAside, [...setAside])
        assert.strictEqual(result.reasons.length, setAside.length)
        if (reason !== undefined) assert.isTrue(result.reasons.some((text) => reason.test(text)), result.reasons.join())
        const counted = Object.values(result.stats.quarantined).reduce((sum, count) => sum + count, 0)
        assert.strictEqual(counted, setAside.length)
        assert.deepStrictEqual(result.damage, told === undefined ? [] : [told])
        assert.strictEqual(result.lines.filter((line) => line.startsWith("Error")).length, setAside.length)
      }))
  }

  describe("with checkpoints whose open file is gone", () => {
    const checkpoints = `${open}.groups`
    const setAside = "binance.btcusdt.trade.1773482400000.parquet.groups"
    const append = (disk: SimulatedDisk, path: string, ...more: ReadonlyArray<Buffer>) =>
      disk.put(path, Buffer.concat([disk.files(dataDir).get(path.slice("/data/".length))!, ...more]))
    const sealedMark = (stream: number, first: number, last: number) => {
      const bytes = new PageBytes(64)
      journalRecord.appendSealed(bytes, stream, { first, last })
      return bytes.written
    }

    it.effect("which it was to get its final name before takes no row from the journal a second time", () =>
      Effect.gen(function*() {
        const disk = yield* leftBehind
        append(disk, checkpoints, checkpointRecord.encode({ kind: "sealing" }))
        disk.forget(open)
        const { ids, setAside, stats } = yield* recover(disk)
        assert.deepStrictEqual(ids, [18, 19])
        assert.deepStrictEqual(setAside, [])
        assert.deepInclude(stats, { filesRecovered: 0, rowsRecovered: 2 })
      }))

    it.effect("and which an earlier version wrote, that did not tell, takes none either", () =>
      Effect.gen(function*() {
        const disk = yield* leftBehind
        flip(disk, checkpoints, 7, 3)
        disk.forget(open)
        const { ids, setAside } = yield* recover(disk)
        assert.deepStrictEqual(ids, [18, 19])
        assert.deepStrictEqual(setAside, [])
      }))

    it.effect("and whose rows the journal calls sealed takes none either", () =>
      Effect.gen(function*() {
        const disk = yield* leftBehind
        append(disk, segment, sealedMark(1, 1, 18))
        disk.forget(open)
        const { ids, setAside } = yield* recover(disk)
        assert.deepStrictEqual(ids, [18, 19])
        assert.deepStrictEqual(setAside, [])
      }))

    it.effect("because somebody removed it has its rows from the journal, and says so", () =>
      Effect.gen(function*() {
        const disk = yield* leftBehind
        disk.forget(open)
        const { ids, lines, reasons, setAside: found, stats } = yield* recover(disk)
        assert.deepStrictEqual(ids, upTo(20))
        assert.deepInclude(stats, { filesRecovered: 0, rowsRecovered: 20 })
        assert.deepStrictEqual(stats.quarantined, { openFile: 1, segment: 0, state: 0, foreign: 0 })
        assert.deepStrictEqual(found, [setAside])
        assert.match(reasons.join(), /was removed before it was sealed. Of its 18 rows, 0 are gone/)
        assert.strictEqual(lines.filter((line) => line.startsWith("Error")).length, 1)
      }))

    it.effect("because somebody removed it says how many of its rows are gone", () =>
      Effect.gen(function*() {
        const disk = yield* leftBehind
        disk.forget(open)
        // Its first row group is in a sealed file; of the others, the journal has none.
        disk.put(segment, Buffer.concat([magic, sealedMark(1, 1, 6)]))
        const { ids, reasons, setAside: found } = yield* recover(disk)
        assert.deepStrictEqual(ids, [])
        assert.deepStrictEqual(found, [setAside])
        assert.match(reasons.join(), /Of its 18 rows, 12 are gone/)
      }))
  })

  describe("in what is known of the sealed files", () => {
    const state = "/data/.state/binance.btcusdt.trade.json"
    const memory = (disk: SimulatedDisk) =>
      Effect.flatMap(Path.Path, (path) => MemoryKeeper.make(disk.fileSystem, path, dataDir)(feed)).pipe(
        Effect.map((keeper) => keeper.memory()),
        Effect.provide(Path.layer)
      )

    it.effect("with any single byte flipped is set aside and does without", () =>
      Effect.gen(function*() {
        const { length } = yield* Effect.tap(leftBehind, recover).pipe(
          Effect.map((disk) => disk.files(dataDir).get(state.slice("/data/".length))!)
        )
        for (let at = 0; at < length; at += 37) {
          const disk = yield* leftBehind
          yield* recover(disk)
          assert.strictEqual((yield* memory(disk)).tail?.lastId, trade(19).sequenceId)
          flip(disk, state, at)
          const { ids, reasons, setAside, stats } = yield* recover(disk)
          assert.deepStrictEqual(ids, upTo(20))
          assert.deepStrictEqual(setAside, ["binance.btcusdt.trade.json"], `at ${at}`)
          assert.match(reasons.join(), /does not hold what was written about the sealed files/)
          assert.strictEqual(stats.quarantined.state, 1)
          assert.deepStrictEqual(yield* memory(disk), nothingSealed)
        }
      }))

    it.effect("has the next file say that one is lost before it, also where one had been sealed before that", () =>
      Effect.gen(function*() {
        const disk = yield* leftBehind
        yield* recover(disk)
        // That the last file has its final name is not written again: it follows from what is known.
        assert.notInclude(disk.files(dataDir).get(state.slice("/data/".length))!.toString(), `"sealing":null`)
        disk.put(open.replace("000.parquet", "999.parquet"), Buffer.from("PAR1 and then something"))
        disk.put(segment, journalOf(30, 31))
        const { damage, ids } = yield* recover(disk)
        assert.deepStrictEqual(ids, [...upTo(20), 30, 31])
        assert.deepStrictEqual(damage, ["file_before"])
        disk.put(segment, journalOf(32, 33))
        assert.deepStrictEqual((yield* recover(disk)).damage, ["file_before"], "it is said once")
      }))

    it.effect("with a foreign file sets it aside, and removes what a write left that was cut short", () =>
      Effect.gen(function*() {
        const disk = yield* leftBehind
        disk.put("/data/.state/notes.txt", Buffer.from("buy milk"))
        disk.put(`${state}.new`, Buffer.from("{\"form"))
        const { setAside, stats } = yield* recover(disk)
        assert.deepStrictEqual(setAside, ["notes.txt"])
        assert.strictEqual(stats.quarantined.foreign, 1)
        assert.isFalse(disk.files(dataDir).has(".state/binance.btcusdt.trade.json.new"))
      }))
  })

  it.effect("by a version that did not tell where a trade comes from is put in order all the same", () =>
    Effect.gen(function*() {
      const disk = new SimulatedDisk()
      const rows = new RowBuffer(feed)
      for (const event of trades(5)) rows.append(event)
      const { body, metadata: { thrift } } = yield* Effect.promise(() => encodeRowGroup(rows, 4, 1))
      const { value: group } = packageThrift.decode("RowGroup", thrift)
      group.columns.pop()
      const header = Buffer.from("PAR1")
      const records: ReadonlyArray<checkpointRecord.CheckpointRecord> = [
        { kind: "file", series: feed, homeServerName: null, firstMillis: tenOClock / 1000, gapsTold: false },
        {
          kind: "group",
          stream: 1,
          first: 1,
          last: 5,
          from: header.length,
          to: header.length + body.length,
          crc: crc32(body),
          metadata: fromThrift(packageThrift.encode(group))
        }
      ]
      for (const folder of ["/data", "/data/.open"]) yield* disk.fileSystem.makeDirectory(folder)
      disk.put(open, Buffer.concat([header, body]))
      disk.put(`${open}.groups`, Buffer.concat([checkpointRecord.magic, ...records.map(checkpointRecord.encode)]))
      const { ids } = yield* recover(disk)
      assert.deepStrictEqual(ids, upTo(5))
      const content = disk.files(dataDir).get(`binance/btcusdt/trade/2026-03-14/${tenOClock / 1000}.parquet`)!
      const [row] = yield* Effect.promise(() => parquetRows(content))
      assert.isFalse("origin" in row!)
      assert.strictEqual(row!.side, "buy")
    }))

  it.effect("what earlier starts set aside is told again with each start, and counted", () =>
    Effect.gen(function*() {
      const disk = yield* leftBehind
      disk.put("/data/.open/notes.txt", Buffer.from("buy milk"))
      const first = yield* recover(disk)
      assert.strictEqual(first.stats.quarantineFiles, 1)
      assert.deepStrictEqual(first.lines.filter((line) => line.startsWith("Warn")), [])
      const { lines, stats } = yield* recover(disk)
      assert.strictEqual(stats.quarantineFiles, 1)
      const [line = "", ...more] = lines.filter((line) => line.startsWith("Warn"))
      assert.match(
        line,
        /^Warn 1 file set aside earlier: \/data\/quarantine\/notes\.txt; the \.reason\.txt beside each/
      )
      assert.deepStrictEqual(more, [])
    }))

  it.effect("with something else in the place of the quarantine sets aside beside it", () =>
    Effect.gen(function*() {
      const disk = yield* leftBehind
      disk.put("/data/.open/notes.txt", Buffer.from("buy milk"))
      disk.put("/data/quarantine", Buffer.from("not yours"))
      disk.put("/data/quarantine.1", Buffer.from("nor this"))
      const { ids, stats } = yield* recover(disk)
      assert.deepStrictEqual(ids, upTo(20))
      assert.strictEqual(stats.quarantined.foreign, 1)
      const files = disk.files(dataDir)
      assert.strictEqual(String(files.get("quarantine")), "not yours")
      assert.strictEqual(String(files.get("quarantine.2/notes.txt")), "buy milk")
      assert.match(String(files.get("quarantine.2/notes.txt.reason.txt")), /no file that ticklake makes/)
    }))

  it.effect("is put in order whatever single byte is flipped, and never has a row twice or one that never was", () =>
    Effect.gen(function*() {
      for (const path of [`${open}.groups`, segment, open]) {
        const { length } = (yield* leftBehind).files(dataDir).get(path.slice("/data/".length))!
        for (let at = 0; at < length; at += 23) {
          const disk = yield* leftBehind
          flip(disk, path, at)
          const { ids } = yield* recover(disk)
          assert.deepStrictEqual(ids, [...new Set(ids)], `${path} at ${at}`)
          assert.isAtLeast(ids.length, path === segment ? 18 : 20, `${path} at ${at}`)
          assert.deepStrictEqual(ids.filter((id) => id < 0 || id > 19), [])
        }
      }
    }))
})
